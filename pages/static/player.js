// In the replay's frame: rrweb's player, told what to do by the page around it.
const stage = document.getElementById("stage");
const tell = (message) => parent.postMessage(message, location.origin);

async function begin() {
  const answer = await fetch(document.body.dataset.source);
  if (!answer.ok) return tell({ failed: "The recording could not be read." });
  const events = await answer.json();
  if (events.length < 2) return tell({ failed: "The recording is too short to be played." });
  const player = new window.rrwebReplay.Replayer(events, {
    root: stage,
    skipInactive: true,
    showWarning: false,
    showDebug: false,
    mouseTail: { strokeStyle: "#6366f1", lineWidth: 3 },
    insertStyleRules: [],
  });
  let size = { width: 1280, height: 720 };
  const fit = () => {
    const scale = Math.min(innerWidth / size.width, innerHeight / size.height);
    player.wrapper.style.transform = `translate(-50%, -50%) scale(${scale})`;
  };
  player.on("resize", (given) => {
    size = given;
    fit();
  });
  addEventListener("resize", fit);
  const meta = player.getMetaData();
  const seen = events.find((event) => event.type === 4)?.data;
  if (seen?.width && seen?.height) size = { width: seen.width, height: seen.height };
  fit();
  player.pause(0);
  const states = { start: true, resume: true, pause: false, finish: false };
  for (const [name, playing] of Object.entries(states)) player.on(name, () => tell({ playing }));
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin || source !== parent) return;
    if (data.do === "play") player.play(player.getCurrentTime() >= meta.totalTime ? 0 : player.getCurrentTime());
    if (data.do === "pause") player.pause();
    if (data.do === "seek") data.play ? player.play(data.at) : player.pause(data.at);
    if (data.do === "speed") player.setConfig({ speed: data.speed });
    if (data.do === "skip") player.setConfig({ skipInactive: data.skip });
    tell({ at: player.getCurrentTime() });
  });
  const tick = () => {
    tell({ at: Math.min(meta.totalTime, Math.max(0, player.getCurrentTime())) });
    setTimeout(tick, 200);
  };
  tell({ ready: true, length: meta.totalTime, ...size });
  tick();
}

begin();
