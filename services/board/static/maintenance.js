// Maintenance windows: those in force, planned and ended; planning one, and ending one early.

import { at, clock, setClock, span } from "./clock.js";
import { link, make, to } from "./elements.js";
import { poll } from "./poll.js";

const $ = (id) => document.getElementById(id);
const token = document.querySelector('meta[name="csrf-token"]').content;
const form = $("form");

const EVERY_MS = 10_000;
// What was just planned or ended comes back by way of the stream.
const SOON_MS = 700;
const SOON_FOR_MS = 15_000;
const NONE = { current: "None is in force: every alert calls somebody.", planned: "None is planned.", ended: "None." };
const SPARED = {
  pump: "Not held: dose entry errors of high or life-threatening harm.",
  others: "Not held: dose entry errors of high or life-threatening harm, batteries that will be empty soon, and pumps that fell silent.",
};

let known = new Map(); // window → its view
let kinds = {};
let soonUntil = 0;

function of({ pump, care_area, hospital }) {
  if (pump) return ["Pump ", link(to("pumps", pump), pump)];
  if (care_area) return [link(to("care-areas", hospital, care_area), care_area)];
  return ["The whole hospital"];
}

function held({ kinds: named, pump }) {
  if (!named) return pump ? "all but dangerous dose entries" : "all but dangerous dose entries and infusions that may end";
  return named.map((kind) => kinds[kind] ?? kind).join(", ");
}

function when({ window: { starts_at, cancelled_at }, standing, over_at }) {
  const times = `${at(starts_at)} – ${at(over_at)}`;
  const away = (time) => span(Math.abs(Date.parse(time) - clock()) / 1000);
  if (standing === "planned") return [times, `begins in ${away(starts_at)}`];
  if (standing === "current") return [times, `ends in ${away(over_at)}`];
  return [times, cancelled_at ? "ended early" : ""];
}

function item(view) {
  const { window: one, standing } = view;
  const [times, left] = when(view);
  const row = make(
    "li",
    `window ${standing}`,
    make("div", "", make("p", "", make("b", "", ...of(one))), make("p", "soft", one.hospital)),
    make("div", "", make("p", "", times), left && make("p", "soft", left)),
    make("div", "", make("p", "", one.reason), make("p", "soft", `Holds ${held(one)} · ${one.by}`)),
  );
  if (standing !== "ended") {
    const button = make("button", "button quiet", standing === "current" ? "End now" : "Call off");
    const trouble = make("p", "trouble");
    button.type = "button";
    trouble.role = "alert";
    button.dataset.needs = "responder";
    button.addEventListener("click", () => end(one, button, trouble));
    row.append(make("div", "", button, trouble));
  }
  return row;
}

function draw() {
  const groups = { current: [], planned: [], ended: [] };
  for (const view of known.values()) groups[view.standing].push(view);
  groups.current.sort((one, other) => Date.parse(one.over_at) - Date.parse(other.over_at));
  groups.planned.sort((one, other) => Date.parse(one.window.starts_at) - Date.parse(other.window.starts_at));
  groups.ended.sort((one, other) => Date.parse(other.over_at) - Date.parse(one.over_at));
  for (const [name, views] of Object.entries(groups)) {
    const list = $(name);
    $(`${name}-count`).textContent = views.length || "";
    const focused = list.contains(document.activeElement) && [...list.children].findIndex((row) => row.contains(document.activeElement));
    list.replaceChildren(...(views.length ? views.map(item) : [make("li", "none", NONE[name])]));
    if (typeof focused === "number") list.children[Math.min(focused, list.children.length - 1)]?.querySelector("button")?.focus();
  }
}

function show(answer) {
  setClock(answer.now);
  const told = new Map(answer.windows.map((view) => [view.window.window, view]));
  // One that Kafka has and the stream has not told yet stays as it was answered.
  const waiting = [...known].filter(([name, view]) => view.window.revision > (told.get(name)?.window.revision ?? 0));
  const late = clock() > soonUntil;
  known = late ? told : new Map([...told, ...waiting]);
  kinds = answer.kinds;
  offer(answer);
  draw();
  $("windows").removeAttribute("aria-busy");
  return waiting.length && !late ? SOON_MS : EVERY_MS;
}

function offer({ hospitals }) {
  const select = form.elements.hospital;
  if (!hospitals.every((name, index) => select.options[index]?.value === name) || select.options.length !== hospitals.length) {
    const chosen = select.value;
    select.replaceChildren(...hospitals.map((name) => new Option(name, name)));
    if (hospitals.includes(chosen)) select.value = chosen;
  }
  if (!$("named").children.length) {
    for (const [kind, name] of Object.entries(kinds)) {
      const box = make("input");
      box.type = "checkbox";
      box.name = "kind";
      box.value = kind;
      $("named").append(make("label", "", box, name));
    }
  }
}

function fits() {
  const { of: what, how } = form.elements;
  $("which").hidden = what.value === "hospital";
  $("which-name").textContent = what.value === "pump" ? "Pump" : "Care area";
  $("named").hidden = how.value !== "named";
  $("spared").textContent = how.value === "safe" ? SPARED[what.value === "pump" ? "pump" : "others"] : "";
}

/** What the form says, for the board. Throws an Error with a sentence for the person. */
function asked() {
  const { hospital, of: what, which, starts_at, ends_at, reason, how } = form.elements;
  const wanted = { hospital: hospital.value, reason: reason.value.trim() };
  if (what.value !== "hospital") {
    wanted[what.value] = which.value.trim();
    if (!wanted[what.value]) throw new Error(`Say which ${what.value === "pump" ? "pump" : "care area"}.`);
  }
  for (const [field, name] of [[starts_at, "From"], [ends_at, "Until"]]) {
    const time = new Date(field.value);
    if (Number.isNaN(time.getTime())) throw new Error(`“${name}” is not a time.`);
    wanted[field.name] = time.toISOString();
  }
  if (!wanted.reason) throw new Error("Say why: others will wonder what is quiet.");
  if (how.value === "named") {
    wanted.kinds = [...form.querySelectorAll("[name=kind]:checked")].map((box) => box.value);
    if (!wanted.kinds.length) throw new Error("Choose at least one kind of alert.");
  }
  return wanted;
}

/** Ask the board for a change and show what it made of it. Throws an Error with a sentence for the person. */
async function change(path, method, body) {
  let answer;
  try {
    answer = await fetch(path, { method, headers: { "Content-Type": "application/json", "X-CSRF-Token": token }, body: body && JSON.stringify(body) });
  } catch {
    throw new Error("The board cannot be reached. Try again.");
  }
  if (answer.status === 401) location.reload();
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ?? `The board answered ${answer.status}. Try again.`);
  known.set(told.window.window, told);
  soonUntil = clock() + SOON_FOR_MS;
  draw();
  ask();
}

async function end(one, button, trouble) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true"; // not `disabled`: that would throw the keyboard's focus away
  try {
    await change(`/api/maintenance/${encodeURIComponent(one.window)}?hospital=${encodeURIComponent(one.hospital)}`, "DELETE");
    $("said").textContent = "The window is over.";
  } catch (error) {
    button.ariaDisabled = "false";
    trouble.textContent = error.message;
  }
}

function reset() {
  const local = (time) => new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  form.elements.starts_at.value = local(clock());
  form.elements.ends_at.value = local(clock() + 2 * 3_600_000);
  $("trouble").textContent = "";
}

form.addEventListener("change", fits);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  $("trouble").textContent = "";
  try {
    await change("/api/maintenance", "POST", asked());
    form.elements.which.value = "";
    form.elements.reason.value = "";
    $("plan").open = false;
    $("plan").querySelector("summary").focus();
    $("said").textContent = "The window is planned.";
  } catch (error) {
    $("trouble").textContent = error.message;
  }
  button.ariaDisabled = "false";
});
$("plan").addEventListener("toggle", () => {
  if ($("plan").open) reset();
});
fits();
const ask = poll(() => `/api/maintenance${location.search}`, EVERY_MS, show);
