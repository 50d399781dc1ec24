// One alert as a row: everything from outside goes in as text, never as markup.

import { at, showAge, span } from "./clock.js";
import { to } from "./elements.js";

const template = document.getElementById("alert");
const HARMS = { none: "no harm", life_threatening: "life-threatening" };
const GRADES = { none: 0, low: 1, moderate: 2, high: 3, life_threatening: 4 };

/** A row that shows nothing yet. */
export function newRow() {
  const row = template.content.firstElementChild.cloneNode(true);
  row.parts = Object.fromEntries([...row.querySelectorAll("[data-at]")].map((part) => [part.dataset.at, part]));
  return row;
}

/** One sentence for the row's name and for those who listen. */
export function sentence({ alert, words }) {
  const { subject } = alert;
  const about = subject.drug ?? words.kind;
  const values = words.typed ? `typed ${words.typed} ${subject.unit ?? ""}${words.meant ? `, probably meant ${words.meant}` : ""}` : alert.summary;
  return `${alert.severity}: ${about}, ${values}, ${alert.care_area}, ${alert.hospital}`;
}

function title({ alert, words }) {
  const { subject } = alert;
  if (alert.kind === "dose_entry_error") return [subject.drug, words.field].filter(Boolean).join(" · ") || words.kind;
  return words.kind;
}

function secondLine({ alert, words }) {
  const { subject } = alert;
  if (alert.kind === "dose_entry_error") return words.slip ?? (words.meant ? "" : alert.summary);
  const said = [];
  const drugs = subject.drug ? [subject.drug] : (subject.drugs ?? []);
  if (drugs.length) said.push(drugs.join(", "));
  if (subject.minutes !== undefined) said.push(`for ${span(subject.minutes * 60)}`);
  if (subject.empty_at) said.push(`empty about ${at(subject.empty_at)}`);
  if (words.cause) said.push(words.cause);
  return said.length ? said.join(" · ") : alert.summary;
}

function gauged({ error_likelihood, keypad, charge_pct }) {
  if (error_likelihood !== undefined) return [error_likelihood, "likely wrong"];
  if (keypad) return [keypad.bounced_entries / keypad.entries, "of entries bounced"];
  return [(charge_pct ?? NaN) / 100, "charge"];
}

function state({ state: name, by, comment }) {
  const said = comment ? `: ${comment}` : "";
  if (name === "resolved") return by ? `Resolved by ${by}${said}` : "Resolved";
  if (name === "acknowledged") return `Acknowledged${by ? ` by ${by}` : ""}${said}`;
  return comment ? `${by ?? "Comment"}${said}` : "";
}

function escalated({ escalated_at, unanswered_since }) {
  if (!escalated_at) return "";
  return `Escalated at ${at(escalated_at)}${unanswered_since ? `: nobody has acknowledged it since ${at(unanswered_since)}` : ""}`;
}

function flapping({ reopenings, reopened_at, quiet_since }) {
  const said = [];
  if (reopenings) said.push(`Came back ${reopenings === 1 ? "once" : `${reopenings} times`}${reopened_at ? `, last at ${at(reopened_at)}` : ""}`);
  if (quiet_since) said.push(`nothing wrong since ${at(quiet_since)}`);
  const text = said.join("; ");
  return text && text[0].toUpperCase() + text.slice(1);
}

function facts({ alert, words }) {
  const { subject } = alert;
  const rows = [
    ...(subject.drug ? [subject.drug] : (subject.drugs ?? [])).map((drug) => ["Drug", drug, to("drugs", drug)]),
    ["Since", new Date(alert.since).toLocaleString()],
    ["Revision", `${alert.revision} at ${at(alert.at)}`],
    ["Entry", subject.entry],
    ["Episode", subject.episode],
    ["At the pump", words.commit],
    ["Fingerprint", alert.fingerprint],
  ];
  return rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
}

function list(part, tag, texts) {
  part.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement(tag);
      item.textContent = text;
      return item;
    }),
  );
}

/** Show an alert in a row, in place, so that focus and open details stay. */
export function show(row, view) {
  const { alert, words } = view;
  const { subject } = alert;
  const part = row.parts;
  const text = (name, value) => {
    if (part[name].textContent !== value) part[name].textContent = value;
  };
  row.classList.remove("critical", "warning", "info", "firing", "acknowledged", "resolved");
  row.classList.add(alert.severity, alert.state);
  row.dataset.fingerprint = alert.fingerprint;
  row.querySelector(".severity use").setAttribute("href", `#shape-${alert.severity}`);
  text("severity", alert.severity[0].toUpperCase() + alert.severity.slice(1));
  part.test.hidden = !alert.test;
  part.held.hidden = !alert.maintenance;
  text("title", title(view));
  part.values.hidden = words.typed === undefined;
  text("typed", words.typed ?? "");
  text("meant", words.meant ?? "not known");
  text("unit", subject.unit ?? "");
  text("slip", secondLine(view));
  for (const [name, value] of Object.entries({ state: state(alert), escalated: escalated(alert), flapping: flapping(alert) })) {
    text(name, value);
    part[name].hidden = !value;
  }
  const [share, name] = gauged(subject);
  part.share.hidden = Number.isNaN(share);
  text("share-value", `${share > 0.99 && share < 1 ? "> 99" : Math.round(share * 100)} %`);
  text("share-name", name);
  part.gauge.style.setProperty("--share", `${(share || 0) * 100}%`);
  part.harm.hidden = words.harm === undefined;
  text("harm-name", words.harm === undefined ? "" : HARMS[subject.harm] ?? `${words.harm} harm`);
  part.pips.dataset.grade = GRADES[subject.harm] ?? 0;
  text("pump", alert.pump ?? alert.key);
  if (alert.pump) part.pump.href = to("pumps", alert.pump);
  text("channel", subject.channel ? ` · ch ${subject.channel}` : "");
  text("care-area", alert.care_area);
  part["care-area"].href = to("care-areas", alert.hospital, alert.care_area);
  text("hospital", alert.hospital);
  part.open.href = to("alerts", alert.fingerprint);
  part.age.dateTime = alert.since;
  part.age.title = new Date(alert.since).toLocaleString();
  showAge(part.age);
  list(part.evidence, "li", subject.evidence ?? []);
  list(part.facts, "dt", []);
  for (const [name, value, href] of facts(view)) {
    const term = document.createElement("dt");
    const figure = document.createElement("dd");
    const told = href ? figure.appendChild(document.createElement("a")) : figure;
    term.textContent = name;
    told.textContent = value;
    if (href) told.href = href;
    part.facts.append(term, figure);
  }
}

/** Show what can be done with the alert, or what is being done. `doing` is undefined, an action, or "late". */
export function showActions(row, alert, doing) {
  const [act, resolve, comment] = [".act", ".resolve", "[data-action=comment]"].map((which) => row.querySelector(which));
  const firing = alert.state === "firing";
  const name = firing ? "acknowledge" : "resolve";
  act.dataset.action = name;
  resolve.dataset.action = "resolve";
  const label = { acknowledge: "acknowledging…", resolve: "resolving…", comment: "adding the comment…", late: "waiting for the stream…" }[doing] ?? { firing: "Acknowledge", acknowledged: "Resolve", resolved: "Resolved" }[alert.state];
  if (act.textContent !== label) act.textContent = label;
  act.setAttribute("aria-label", doing ? label : `${label} ${row.parts.title.textContent} on ${alert.pump ?? alert.key}`);
  // Not `disabled`: that would throw the keyboard's focus away.
  for (const button of [act, resolve, comment]) button.setAttribute("aria-disabled", String(Boolean(doing) || alert.state === "resolved"));
  resolve.hidden = !firing;
}
