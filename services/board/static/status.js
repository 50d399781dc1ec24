// Counts and health beside the alerts.

import { span } from "./clock.js";

const number = new Intl.NumberFormat("en-US");
const $ = (id) => document.getElementById(id);

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function cell(tag, value) {
  const made = document.createElement(tag);
  made.textContent = number.format(value);
  if (!value) made.className = "zero";
  return made;
}

function hospitalRow(each, chosen) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  const link = document.createElement("a");
  name.scope = "row";
  link.href = `/?hospital=${encodeURIComponent(each.hospital)}`;
  link.dataset.hospital = each.hospital;
  link.textContent = each.hospital;
  name.append(link);
  row.append(name, ...["critical", "warning", "info"].map((severity) => cell("td", each.open[severity])));
  row.append(cell("td", each.online), cell("td", each.infusing), cell("td", each.battery));
  if (each.hospital === chosen) row.setAttribute("aria-current", "true");
  return row;
}

let tableShown = "";

function showTable(hospitals, chosen) {
  const key = JSON.stringify([hospitals, chosen]);
  if (key === tableShown) return;
  tableShown = key;
  const focused = document.activeElement?.dataset.hospital;
  const body = $("hospitals");
  body.replaceChildren(...hospitals.map((each) => hospitalRow(each, chosen)));
  if (focused) [...body.querySelectorAll("a")].find((link) => link.dataset.hospital === focused)?.focus();
}

function showChoice(hospitals, chosen) {
  const select = $("hospital");
  const names = hospitals.map((each) => each.hospital);
  if (chosen && !names.includes(chosen)) names.push(chosen);
  const shown = [...select.options].slice(1).map((option) => option.value);
  if (JSON.stringify(shown) !== JSON.stringify(names)) {
    select.replaceChildren(select.options[0], ...names.map((name) => new Option(name, name)));
  }
  select.value = chosen;
}

/** The counts of the chosen hospital, or of all. */
export function chosenCounts(fleet, chosen) {
  const empty = { online: 0, infusing: 0, battery: 0, open: { critical: 0, warning: 0, info: 0 }, test: false };
  return chosen ? (fleet.hospitals.find((each) => each.hospital === chosen) ?? empty) : fleet.all;
}

/** Show how many alerts of each severity are open. */
export function showOpen(open) {
  for (const severity of ["critical", "warning", "info"]) text($(`count-${severity}`), number.format(open[severity]));
}

/** Show a status. */
export function showStatus({ fleet, pipeline }, chosen) {
  if (!fleet || !pipeline) return;
  const counts = chosenCounts(fleet, chosen);
  for (const state of ["online", "infusing", "battery"]) text($(`count-${state}`), number.format(counts[state]));
  showTable(fleet.hospitals, chosen);
  showChoice(fleet.hospitals, chosen);
  text($("workers"), number.format(pipeline.workers));
  text($("idle"), pipeline.idle_s === null ? "none" : `${span(pipeline.idle_s)} ago`);
  text($("lag"), number.format(pipeline.lag));
  text($("dead-letters"), number.format(pipeline.dead_letters));
  text($("pipeline-reason"), pipeline.reason);
}

/** Show what is wrong, worst first, or nothing. */
export function showProblems(problems) {
  const region = $("problems");
  const shown = [...region.children].map((child) => child.textContent);
  if (JSON.stringify(shown) === JSON.stringify(problems)) return;
  region.replaceChildren(
    ...problems.map((problem) => {
      const line = document.createElement("p");
      line.textContent = problem;
      return line;
    }),
  );
}
