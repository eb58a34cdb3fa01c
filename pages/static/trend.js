// The day under the pointer: its number, and that of the period before. Days that are dragged over are shown alone.
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
  const band = figure.querySelector(".trend__band");
  const written = (value) => (value === null ? "–" : KINDS[kind](value));
  const leftOf = (index) => (days.length === 1 ? 50 : (100 * index) / (days.length - 1));
  let first = null;

  function dayAt(event) {
    const rect = box.getBoundingClientRect();
    const part = (event.clientX - rect.left) / rect.width;
    return Math.max(0, Math.min(days.length - 1, Math.round(part * (days.length - 1))));
  }

  box.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    first = dayAt(event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    const index = dayAt(event);
    const left = leftOf(index);
    const day = new Date(`${days[index]}T00:00:00Z`);
    const name = day.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
    tip.replaceChildren(line("tip__day", name), line("tip__now", written(now[index])), line("tip__before", `before ${written(before[index])}`));
    tip.hidden = cursor.hidden = false;
    cursor.style.left = `${left}%`;
    tip.style.left = `${left}%`;
    tip.classList.toggle("tip--left", left > 60);
    band.hidden = first === null || first === index;
    if (band.hidden) return;
    const from = leftOf(Math.min(first, index));
    band.style.left = `${from}%`;
    band.style.width = `${leftOf(Math.max(first, index)) - from}%`;
  });
  box.addEventListener("pointerup", (event) => {
    const chosen = [first, dayAt(event)].sort((a, b) => a - b);
    if (first !== null && chosen[0] !== chosen[1]) showDays(days[chosen[0]], days[chosen[1]]);
    first = null;
    band.hidden = true;
  });
  box.addEventListener("pointerleave", () => {
    tip.hidden = cursor.hidden = true;
  });
}

function showDays(since, until) {
  const address = new URL(location.href);
  for (const name of ["period", "n"]) address.searchParams.delete(name);
  address.searchParams.set("since", since);
  address.searchParams.set("until", until);
  location.assign(address);
}

function line(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
