// Clicks over the picture of a page: cells of an element lie on that element wherever it is now.
const LONGEST = 12000;
const COLOURS = { rage: [217, 45, 32], dead: [181, 71, 8] };

export async function drawHeat(section) {
  const stage = section.querySelector("[data-stage]");
  const frame = stage.querySelector("iframe");
  const canvas = stage.querySelector("canvas");
  const told = stage.querySelector("[data-told]");
  const scrolls = JSON.parse(stage.dataset.scrolls);
  const [answer, hasPicture] = await Promise.all([fetch(section.dataset.heat), loaded(frame)]);
  if (!answer.ok) {
    told.textContent = "The clicks could not be read. Load the page again.";
    return;
  }
  const heat = await answer.json();
  stage.classList.toggle("heat__stage--bare", !hasPicture);
  told.textContent = hasPicture ? "" : "No recording has this page on such a screen: clicks lie where they were on it.";
  let layer = "clicks";
  let drawnAt = 0; // the width; drawing itself changes the height
  const draw = () => {
    drawnAt = stage.clientWidth;
    drawLayer(stage, frame, canvas, heat, scrolls, layer, hasPicture);
  };
  for (const button of section.querySelectorAll("[data-layer]")) {
    button.addEventListener("click", () => {
      layer = button.dataset.layer;
      for (const one of section.querySelectorAll("[data-layer]")) one.setAttribute("aria-pressed", one === button);
      draw();
    });
  }
  new ResizeObserver(() => stage.clientWidth !== drawnAt && draw()).observe(stage.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  stage.dataset.ready = hasPicture ? "picture" : "bare";
}

// Whether the frame shows a picture. Asked first, so that a missing one is no error in the console.
async function loaded(frame) {
  const address = frame.dataset.src;
  const known = await fetch(`${address}${address.includes("?") ? "&" : "?"}probe=1`);
  if (!known.ok || known.status === 204) return false;
  await new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
    frame.src = address;
  });
  return Boolean(frame.contentDocument?.body);
}

function drawLayer(stage, frame, canvas, heat, scrolls, layer, hasPicture) {
  const width = heat.width;
  frame.style.width = `${width}px`;
  const page = hasPicture ? frame.contentDocument : null;
  const farthest = Math.max(480, ...heat.cells.map((cell) => cell.y_px + 80));
  const own = page ? Math.max(page.documentElement.scrollHeight, page.body.scrollHeight, 480) : farthest;
  const height = Math.min(LONGEST, own);
  const scale = stage.clientWidth / width;
  frame.style.height = `${height}px`;
  frame.style.transform = `scale(${scale})`;
  stage.style.height = `${Math.round(height * scale)}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  paint.clearRect(0, 0, canvas.width, canvas.height);
  if (layer === "scroll") return drawScroll(paint, canvas, scrolls);
  const spots = layer === "clicks" ? cellsOf(heat.cells, page, width) : pointsOf(heat.points, page, width, layer);
  const most = Math.max(1, ...spots.map((spot) => spot.n));
  canvas.dataset.spots = spots.length;
  if (layer === "clicks") drawHot(paint, canvas, spots, most, scale);
  else drawRings(paint, spots, most, scale, COLOURS[layer]);
}

function rectOf(page, selector, cache) {
  if (!cache.has(selector)) {
    let found = null;
    try {
      found = selector && page ? page.querySelector(selector) : null;
    } catch {
      found = null; // a selector of another engine
    }
    const rect = found?.getBoundingClientRect();
    cache.set(selector, rect && rect.width > 0 && rect.height > 0 ? rect : null);
  }
  return cache.get(selector);
}

function cellsOf(cells, page, width) {
  const cache = new Map();
  return cells.map((cell) => {
    const rect = cell.element_x >= 0 ? rectOf(page, cell.selector, cache) : null;
    const x = rect ? rect.left + ((cell.element_x + 0.5) / 20) * rect.width : (cell.x_pct / 100) * width;
    const y = rect ? rect.top + ((cell.element_y + 0.5) / 20) * rect.height : cell.y_px;
    return { x, y, n: cell.clicks };
  });
}

function pointsOf(points, page, width, kind) {
  const cache = new Map();
  const total = new Map();
  for (const point of points.filter((one) => one.kind === `${kind}_click`)) {
    const rect = rectOf(page, point.selector, cache);
    const x = rect ? rect.left + rect.width / 2 : (point.x_pct / 100) * width;
    const y = rect ? rect.top + rect.height / 2 : point.y_px;
    const key = rect ? point.selector : `${Math.round(x / 40)} ${Math.round(y / 40)}`;
    const known = total.get(key) ?? { x, y, n: 0 };
    known.n += point.times;
    total.set(key, known);
  }
  return [...total.values()];
}

// Soft spots add up in the alpha channel, which then chooses the colour.
function drawHot(paint, canvas, spots, most, scale) {
  const radius = Math.max(9, 26 * scale);
  for (const spot of spots) {
    const [x, y] = [spot.x * scale, spot.y * scale];
    const soft = paint.createRadialGradient(x, y, 0, x, y, radius);
    const strength = 0.16 + 0.6 * Math.sqrt(spot.n / most);
    soft.addColorStop(0, `rgba(0,0,0,${strength})`);
    soft.addColorStop(1, "rgba(0,0,0,0)");
    paint.fillStyle = soft;
    paint.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
  if (!canvas.width || !canvas.height) return;
  const picture = paint.getImageData(0, 0, canvas.width, canvas.height);
  const data = picture.data;
  for (let i = 3; i < data.length; i += 4) {
    const heat = data[i] / 255;
    if (heat === 0) continue;
    const [red, green, blue] = colour(Math.min(1, heat * 1.15));
    [data[i - 3], data[i - 2], data[i - 1], data[i]] = [red, green, blue, Math.min(215, 70 + 190 * heat)];
  }
  paint.putImageData(picture, 0, 0);
}

const STOPS = [[67, 56, 202], [14, 165, 233], [34, 197, 94], [250, 204, 21], [239, 68, 68]];

function colour(heat) {
  const at = heat * (STOPS.length - 1);
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  return STOPS[low].map((part, i) => Math.round(part + (STOPS[high][i] - part) * (at - low)));
}

function drawRings(paint, spots, most, scale, [red, green, blue]) {
  paint.font = `600 ${Math.max(11, 13 * Math.sqrt(scale))}px system-ui, sans-serif`;
  paint.textAlign = "center";
  paint.textBaseline = "middle";
  for (const spot of spots) {
    const radius = (12 + 20 * Math.sqrt(spot.n / most)) * Math.max(0.7, Math.sqrt(scale));
    paint.beginPath();
    paint.arc(spot.x * scale, spot.y * scale, radius, 0, 2 * Math.PI);
    paint.fillStyle = `rgba(${red},${green},${blue},0.82)`;
    paint.fill();
    paint.lineWidth = 2;
    paint.strokeStyle = "rgba(255,255,255,0.9)";
    paint.stroke();
    paint.fillStyle = "#fff";
    paint.fillText(String(spot.n), spot.x * scale, spot.y * scale);
  }
}

function drawScroll(paint, canvas, scrolls) {
  let above = 0;
  for (const [depth, part] of scrolls) {
    const [top, bottom] = [(above / 100) * canvas.height, (depth / 100) * canvas.height];
    const [red, green, blue] = colour(part);
    paint.fillStyle = `rgba(${red},${green},${blue},0.32)`;
    paint.fillRect(0, top, canvas.width, bottom - top);
    const label = `${Math.round(100 * part)}% came to ${depth}%`;
    paint.font = "600 13px system-ui, sans-serif";
    const wide = paint.measureText(label).width + 20;
    paint.fillStyle = "rgba(16,24,40,0.88)";
    paint.fillRect(canvas.width - wide - 8, bottom - 30, wide, 24);
    paint.fillStyle = "#fff";
    paint.textBaseline = "middle";
    paint.fillText(label, canvas.width - wide + 2, bottom - 18);
    above = depth;
  }
  canvas.dataset.spots = scrolls.length;
}
