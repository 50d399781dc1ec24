// Counts and health beside the alerts.

import { span } from "./clock.js";

const number = new Intl.NumberFormat("en-US");
const $ = (id) => document.getElementById(id);

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function hospitalRow(hospital) {
  const row = document.createElement("tr");
  const name = row.appendChild(document.createElement("th"));
  const link = name.appendChild(document.createElement("a"));
  name.scope = "row";
  link.href = `/?hospital=${encodeURIComponent(hospital)}`;
  link.dataset.hospital = hospital;
  link.textContent = hospital;
  return row;
}

/** One row a hospital, changed in place: a link that is being pressed stays where it is. */
function showTable(hospitals, chosen) {
  const body = $("hospitals");
  const rows = new Map([...body.rows].map((row) => [row.querySelector("a").dataset.hospital, row]));
  hospitals.forEach((each, index) => {
    const row = rows.get(each.hospital) ?? hospitalRow(each.hospital);
    rows.delete(each.hospital);
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] ?? null);
    const { critical, warning, info } = each.open;
    [critical, warning, info, each.online, each.infusing, each.battery].forEach((value, column) => {
      const cell = row.cells[column + 1] ?? row.insertCell();
      text(cell, number.format(value));
      cell.className = value ? "" : "zero";
    });
    if (each.hospital === chosen) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
  for (const row of rows.values()) row.remove();
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
  // A session that may not see all hospitals gets the judgement alone: the figures count the records of all.
  const figures = pipeline.workers !== null;
  text($("workers"), figures ? number.format(pipeline.workers) : "–");
  text($("idle"), !figures ? "–" : pipeline.idle_s === null ? "none" : `${span(pipeline.idle_s)} ago`);
  text($("lag"), figures ? number.format(pipeline.lag) : "–");
  text($("dead-letters"), figures ? number.format(pipeline.dead_letters) : "–");
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
