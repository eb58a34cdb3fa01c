// What the pages do beyond links and forms. All of them work without it, but replay and heatmap.
import { drawHeat } from "./heat.js";
import { drivePlayer } from "./session.js";
import { drawTip } from "./trend.js";

const root = document.documentElement;

function isDark() {
  const { theme } = root.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("hxi-theme", root.dataset.theme);
  });
}

// A filter counts as soon as it is chosen; empty fields stay out of the address.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    if (form.elements.since?.value && form.elements.until?.value) form.elements.period?.remove();
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    root.classList.add("is-loading");
  });
  if ("filters" in form.dataset) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select")) form.requestSubmit();
    });
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (link && !link.hasAttribute("download") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    root.classList.add("is-loading");
  }
  for (const open of document.querySelectorAll("details.download[open], details.dates[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.download[open], details.dates[open], details.menu[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
addEventListener("pageshow", () => {
  root.classList.remove("is-loading");
  for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
});

document.querySelectorAll("[data-trend]").forEach(drawTip);
document.querySelectorAll("[data-heat]").forEach(drawHeat);
document.querySelectorAll("[data-session]").forEach(drivePlayer);
