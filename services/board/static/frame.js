// What works on every page: the choice of colours, the menus, and "/" for the search box.

const $ = (id) => document.getElementById(id);
const menu = $("menu");
const menus = document.querySelectorAll("details.menu");

$("theme").addEventListener("change", (event) => {
  localStorage.setItem("theme", event.target.value);
  document.dispatchEvent(new Event("themechosen"));
});
menu.addEventListener("toggle", () => {
  const chosen = localStorage.getItem("theme") ?? "system";
  for (const choice of $("theme").querySelectorAll("input")) choice.checked = choice.value === chosen;
});
document.addEventListener("click", (event) => {
  for (const each of menus) if (!each.contains(event.target)) each.open = false;
});
document.addEventListener("keydown", (event) => {
  const open = [...menus].find((each) => each.open);
  if (event.key === "Escape" && open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $("find").focus();
  }
});
