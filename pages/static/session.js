// The replay's controls, and the time line that jumps in it. The player itself is in a frame.
export function drivePlayer(section) {
  const frame = section.querySelector("[data-player]");
  if (!frame) return;
  const [play, seek, time, speed, skip, told] = ["play", "seek", "time", "speed", "skip", "player-told"].map((name) =>
    section.querySelector(`[data-${name}]`),
  );
  const label = section.querySelector("[data-play-label]");
  const send = (message) => frame.contentWindow.postMessage(message, location.origin);
  let length = Number(section.dataset.length);
  let isPlaying = false;

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin || source !== frame.contentWindow) return;
    if (data.failed) told.textContent = data.failed;
    if (data.ready) {
      length = data.length;
      seek.max = length;
      frame.style.aspectRatio = `${data.width} / ${data.height}`;
      section.dataset.ready = "yes";
    }
    if ("at" in data) {
      seek.value = data.at;
      time.textContent = `${clock(data.at)} / ${clock(length)}`;
      seek.setAttribute("aria-valuetext", clock(data.at));
      markMoment(data.at);
    }
    if ("playing" in data) {
      isPlaying = data.playing;
      play.setAttribute("aria-pressed", isPlaying);
      label.textContent = isPlaying ? "Pause" : "Play";
    }
  });
  play.addEventListener("click", () => send({ do: isPlaying ? "pause" : "play" }));
  seek.addEventListener("input", () => send({ do: "seek", at: Number(seek.value) }));
  speed.addEventListener("change", () => send({ do: "speed", speed: Number(speed.value) }));
  skip.addEventListener("change", () => send({ do: "skip", skip: skip.checked }));

  const moments = [...document.querySelectorAll("[data-at]")];
  for (const one of moments) {
    one.addEventListener("click", () => {
      // A little before, so that one sees what led there.
      send({ do: "seek", at: Math.max(0, Number(one.dataset.at) - 1000), play: true });
      frame.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    });
  }
  const line = [...section.querySelectorAll(".moment")];
  function markMoment(at) {
    let current = null;
    for (const one of line) if (Number(one.dataset.at) <= at) current = one;
    for (const one of line) one.classList.toggle("moment--now", one === current);
  }
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
