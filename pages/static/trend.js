// The day under the pointer: its number, and that of the period before.
const KINDS = {
  number: (v) => v.toLocaleString("en"),
  score: (v) => v.toFixed(1),
  percent: (v) => `${(100 * v).toFixed(1)}%`,
  ms: (v) => (v < 1000 ? `${Math.round(v)} ms` : `${(v / 1000).toFixed(2)} s`),
  cls: (v) => v.toFixed(3),
};

export function drawTip(figure) {
  const { days, now, before, kind } = JSON.parse(figure.dataset.trend);
  const box = figure.querySelector(".trend__box");
  const tip = figure.querySelector(".tip");
  const cursor = figure.querySelector(".trend__cursor");
  const written = (value) => (value === null ? "–" : KINDS[kind](value));

  box.addEventListener("pointermove", (event) => {
    const rect = box.getBoundingClientRect();
    const part = (event.clientX - rect.left) / rect.width;
    const index = Math.max(0, Math.min(days.length - 1, Math.round(part * (days.length - 1))));
    const left = days.length === 1 ? 50 : (100 * index) / (days.length - 1);
    const day = new Date(`${days[index]}T00:00:00Z`);
    const name = day.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
    tip.replaceChildren(line("tip__day", name), line("tip__now", written(now[index])), line("tip__before", `before ${written(before[index])}`));
    tip.hidden = cursor.hidden = false;
    cursor.style.left = `${left}%`;
    tip.style.left = `${left}%`;
    tip.classList.toggle("tip--left", left > 60);
  });
  box.addEventListener("pointerleave", () => {
    tip.hidden = cursor.hidden = true;
  });
}

function line(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
