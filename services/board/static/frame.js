// What works on every page: the choice of colours, the menu, and "/" for the search box.

const $ = (id) => document.getElementById(id);
const menu = $("menu");

$("theme").addEventListener("change", (event) => {
  localStorage.setItem("theme", event.target.value);
  document.dispatchEvent(new Event("themechosen"));
});
menu.addEventListener("toggle", () => {
  const chosen = localStorage.getItem("theme") ?? "system";
  for (const choice of $("theme").querySelectorAll("input")) choice.checked = choice.value === chosen;
});
document.addEventListener("click", (event) => {
  if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $("find").focus();
  }
});
