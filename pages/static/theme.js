// Before the page is drawn: the theme somebody chose, else the system's. Marks that scripts run.
const chosen = localStorage.getItem("hxi-theme");
if (chosen) document.documentElement.dataset.theme = chosen;
document.documentElement.classList.add("scripted");
