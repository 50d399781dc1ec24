// The page of one alert: its story is read at once, after each change the stream tells of, and every half minute.

import { act } from "./actions.js";
import { at, clock, setClock, span } from "./clock.js";
import { distributionChart, distributionText } from "./distribution.js";
import { fill, link, make, row, shape, to } from "./elements.js";
import { entriesChart, entryRow } from "./entries.js";
import { countedKeypad, keypadPlayer } from "./keypad.js";
import { poll } from "./poll.js";
import { follow } from "./stream.js";

const EVERY_MS = 30_000;
// The entry reaches Redis by another way than its alert, within a fraction of a second.
const SOON_MS = 1000;
const SOON_TRIES = 5;
const WAITED_FOR_MS = 15_000;
const FEW = 8;
const $ = (id) => document.getElementById(id);
const page = $("main");
const { fingerprint, hospital } = page.dataset;
const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
const showDistribution = distributionChart($("distribution"));
const showEntries = entriesChart($("recent-chart"), $("recent-key"));
let alert = null;
let behind = 0; // how often the story came without the entry, or the revision of it, that the alert is about
let doing = null;
let allRecent = false;

function text(id, value) {
  if ($(id).textContent !== value) $(id).textContent = value;
}

function percent(share) {
  if (share > 0 && share < 0.01) return "< 1 %";
  return share > 0.99 && share < 1 ? "> 99 %" : `${Math.round(share * 100)} %`;
}

function showHead({ words }) {
  const { subject } = alert;
  const title = alert.kind === "dose_entry_error" ? [subject.drug, words.field].filter(Boolean).join(" · ") : words.kind;
  fill($("title"), JSON.stringify([alert.severity, title]), shape(alert.severity), make("span", "unseen", `${alert.severity}: `), ` ${title}`);
  document.title = `${title} · Pumpwatch`;
  $("simulated").hidden = !alert.test;
  const area = link(to("care-areas", alert.hospital, alert.care_area), alert.care_area);
  const pump = alert.pump ? [link(to("pumps", alert.pump), alert.pump), subject.channel ? ` channel ${subject.channel}` : "", " · "] : [];
  const drugs = (subject.drug ? [subject.drug] : (subject.drugs ?? [])).flatMap((drug) => [" · ", link(`${to("drugs", drug)}?hospital=${encodeURIComponent(alert.hospital)}`, drug)]);
  fill($("where"), JSON.stringify([alert.pump, subject.channel, alert.care_area, alert.hospital, subject.drugs]), ...pump, area, ` · ${alert.hospital}`, ...drugs);
}

function meantRow({ figure, probability, slip }, unit, typed) {
  const gauge = make("span", "gauge", make("span", ""));
  gauge.firstChild.style.width = `${probability * 100}%`;
  gauge.setAttribute("aria-hidden", "true");
  return row(make("span", "", make("b", "", figure), ` ${unit}`), make("span", "", percent(probability), gauge), typed ? "as typed" : (slip ?? "no single slip"));
}

function showEntry(entry, words) {
  $("entry").hidden = !entry;
  if (!entry) return;
  text("typed", entry.typed_figure);
  text("unit", entry.unit);
  const before = entry.previous_figure === null ? "" : `${entry.previous_figure} ${entry.unit} before`;
  text("typed-more", [before, entry.commit, entry.limit].filter(Boolean).join(" · "));
  fill($("meant-rows"), JSON.stringify(entry.meant), ...entry.meant.map((one) => meantRow(one, entry.unit, one.value === entry.typed)));
  $("meant").hidden = !entry.meant.length;
  const said = [`${percent(entry.error_likelihood)} likely that something else was meant.`, words.harm ? `Possible harm: ${words.harm}.` : "", ...entry.evidence];
  if (entry.taken_back) said.push(`Something was taken back while typing: ${entry.taken_back}.`);
  fill($("evidence"), JSON.stringify(said), ...said.filter(Boolean).map((each) => make("li", "", each)));
  text("versions", `Judged by model ${entry.model_version} with library ${entry.library_version}.`);
}

function aboutFacts({ subject }) {
  const { battery, keypad } = subject;
  return [
    ["On battery since", subject.started_at && at(subject.started_at)],
    ["For", subject.minutes === undefined ? "" : span(subject.minutes * 60)],
    ["Charge", subject.charge_pct === undefined ? "" : `${Math.round(subject.charge_pct)} %`],
    ["Empty about", subject.empty_at && at(subject.empty_at)],
    ["Silent since", subject.silent_since && at(subject.silent_since)],
    ["Drugs", (subject.drugs ?? []).join(", ")],
    ["Battery holds", battery && `${percent(battery.capacity)} of its design capacity (${percent(battery.low)} to ${percent(battery.high)} with nine in ten), from ${battery.discharges} discharges`],
    ["Entries with a bounce", keypad && `${keypad.bounced_entries} of ${keypad.entries} (${percent(keypad.bounced_entries / keypad.entries)}), usual is ${percent(keypad.usual)}`],
    ["On a sound keypad", keypad && `as many by chance in ${keypad.chance ? `1 of ${number.format(1 / keypad.chance)}` : "practically none"}`],
    ["Presses", keypad && `${keypad.bounces} of ${keypad.presses} bounced`],
    ["Entries since the last", keypad && String(keypad.clean)],
    ["Care areas", keypad && keypad.care_areas.join(", ")],
  ].filter(([, value]) => value);
}

function showAbout({ words }) {
  const { subject } = alert;
  $("about").hidden = alert.kind === "dose_entry_error";
  if ($("about").hidden) return;
  text("summary", alert.summary);
  const facts = [...aboutFacts(alert), ...(words.cause ? [["Cause", words.cause]] : [])];
  fill($("about-facts"), JSON.stringify(facts), ...facts.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  const evidence = [...(subject.evidence ?? []), ...(subject.battery?.evidence ?? [])];
  fill($("about-evidence"), JSON.stringify(evidence), ...evidence.map((each) => make("li", "", each)));
  if (alert.pump) fill($("about-more"), alert.pump, link(to("pumps", alert.pump), "Charge, episodes and keypad of the pump"));
  else fill($("about-more"), alert.key, link(to("care-areas", alert.hospital, alert.care_area), `Overrides in ${alert.care_area}`));
}

function showKeys({ keypad, entry }) {
  const counts = alert.subject.keypad?.keys;
  $("keys").hidden = !keypad;
  if (!keypad) return;
  const shown = JSON.stringify([keypad, entry?.keys, counts]);
  if ($("keypad").filledWith === shown) return; // somebody may be stepping through
  text("keys-title", entry ? "Keys as pressed" : "Keys that bounced");
  fill($("keypad"), shown, entry ? keypadPlayer(keypad, entry.keys, entry.displayed) : countedKeypad(keypad, counts));
}

const PROFILES = { adult_icu: "adult ICU", ward: "ward", paediatric: "paediatric", neonatal: "neonatal" };

function showUsual({ distribution, limits, entry }) {
  $("usual").hidden = !distribution;
  if (!distribution) return;
  const likeliest = entry.meant.find((one) => one.value !== entry.typed);
  const marks = [
    { value: entry.typed, text: `typed ${entry.typed_figure}`, colour: "critical-text", dashed: false },
    ...(likeliest ? [{ value: likeliest.value, text: `meant? ${likeliest.figure}`, colour: "ok-text", dashed: false }] : []),
    ...(entry.previous === null || entry.previous === likeliest?.value ? [] : [{ value: entry.previous, text: `before ${entry.previous_figure}`, colour: "soft", dashed: true }]),
  ];
  showDistribution(distribution, limits, marks);
  const swatches = [["density", "expected of a first entry"], ...(limits ? [["soft-limit", "beyond a soft limit"], ["hard-limit", "beyond a hard limit"]] : [])];
  fill($("usual-key"), JSON.stringify(swatches), ...swatches.map(([name, said]) => make("span", "legend", make("span", `key ${name}`), said)));
  text("usual-text", distributionText(distribution));
  $("limits").hidden = !limits;
  if (!limits) {
    text("limits-text", `The drug library has no limits for ${entry.drug} here.`);
    return;
  }
  const bounds = [limits.hard_low, limits.soft_low, limits.soft_high, limits.hard_high].map((value) => make("td", "numeric", value === null ? "–" : number.format(value)));
  fill($("limit-rows"), JSON.stringify(limits), row(`${PROFILES[limits.profile]}, ${limits.unit}`, ...bounds));
  const whose = limits.own ? `library ${limits.version} of ${alert.hospital}` : `library ${limits.version}, used where a hospital has none of its own`;
  const other = limits.version === entry.library_version ? "" : ` The entry was judged with library ${entry.library_version}.`;
  text("limits-text", `${limits.high_alert ? "High-alert drug. " : ""}From the ${whose}: ${limits.source}.${other}`);
}

function showRecent(recent) {
  $("recent").hidden = !recent.length;
  if (!recent.length) return;
  const shown = allRecent ? recent : recent.filter((entry, n) => n < FEW || entry.this);
  fill($("recent-rows"), JSON.stringify(shown), ...shown.map(entryRow));
  $("recent-all").hidden = shown.length === recent.length;
  text("recent-all", `Show all ${recent.length}`);
  showEntries(recent);
}

const SIGNS = { escalated: "critical", corrected: "ok", stood: "info", resolved: "ok", acknowledged: "ok" };

function stepItem({ at: when, what, text: said, severity, by, comment }) {
  const time = make("time", "soft", at(when));
  time.dateTime = when;
  time.title = new Date(when).toLocaleString();
  const name = severity ?? SIGNS[what];
  const sign = name ? shape(name) : make("span", "no-shape");
  return make("li", what, sign, make("div", "", make("p", "", said, by ? make("span", "", " by ", make("b", "", by)) : null), comment ? make("blockquote", "", comment) : null, time));
}

function showState() {
  const { state, by, severity, maintenance } = alert;
  const named = { firing: `Firing, ${severity}`, acknowledged: `Acknowledged${by ? ` by ${by}` : ""}`, resolved: by ? `Resolved by ${by}` : "Resolved by itself" }[state];
  const since = `Began at ${at(alert.since)}, ${span((clock() - Date.parse(alert.since)) / 1000)} ago.`;
  const held = maintenance && state !== "resolved" ? " A maintenance window holds it: it calls nobody." : "";
  text("state", doing?.late ? "The action is recorded; waiting for the stream." : `${named}. ${since}${held}`);
  const resolved = state === "resolved";
  $("acknowledge").hidden = state !== "firing";
  $("resolve").hidden = resolved;
  for (const button of $("actions").querySelectorAll("button")) button.setAttribute("aria-disabled", String(Boolean(doing)));
}

function showFacts() {
  const { subject } = alert;
  const facts = [["Entry", subject.entry], ["Episode", subject.episode], ["Revision", String(alert.revision)], ["Fingerprint", alert.fingerprint]].filter(([, value]) => value);
  fill($("facts"), JSON.stringify(facts), ...facts.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
}

function show(story) {
  setClock(story.now);
  const { words } = story.alert;
  if (doing && story.alert.alert.revision > doing.revision) doing = null;
  alert = story.alert.alert;
  showHead(story.alert);
  showEntry(story.entry, words);
  showAbout(story.alert);
  showKeys(story);
  showUsual(story);
  showRecent(story.recent);
  fill($("happened"), JSON.stringify(story.happened), ...story.happened.map(stepItem));
  showState();
  showFacts();
  if (alert.kind === "dose_entry_error" && !story.entry) {
    $("about").hidden = false;
    text("summary", alert.summary);
    fill($("about-evidence"), JSON.stringify(alert.subject.evidence), ...(alert.subject.evidence ?? []).map((each) => make("li", "", each)));
    text("about-more", "Its keys and figures are kept for 30 days and are not, or not yet, here.");
  }
  page.ariaBusy = "false";
  const late = alert.kind === "dose_entry_error" && !(story.entry?.revision >= alert.subject.score_revision);
  behind = late ? behind + 1 : 0;
  return late && behind <= SOON_TRIES ? SOON_MS : undefined;
}

const ask = poll(() => `/api/alerts/${encodeURIComponent(fingerprint)}/story`, EVERY_MS, show);
const stop = follow(new URLSearchParams({ hospital }), {
  snapshot: () => page.ariaBusy === "false" && ask(),
  alert: (view) => view.alert.fingerprint === fingerprint && ask(),
  status: () => {},
  connection: () => {},
});
addEventListener("pagehide", () => stop());

$("recent-all").addEventListener("click", () => {
  allRecent = true;
  $("recent-rows").closest(".scroll").focus({ preventScroll: true });
  ask();
});

$("actions").addEventListener("submit", async (event) => {
  event.preventDefault();
  const action = event.submitter?.value ?? "acknowledge";
  const comment = $("comment").value.trim();
  if (doing || !alert) return;
  text("trouble", "");
  if (action === "comment" && !comment) {
    text("trouble", "Write the comment first.");
    $("comment").focus();
    return;
  }
  const mine = { revision: alert.revision };
  doing = mine;
  showState();
  try {
    await act(fingerprint, action, comment);
    $("comment").value = "";
  } catch (error) {
    if (doing === mine) doing = null;
    text("trouble", error.message);
    showState();
    return;
  }
  // The action is recorded; the alert changes when the stream has applied it.
  setTimeout(() => {
    if (doing !== mine) return;
    doing.late = true;
    showState();
  }, WAITED_FOR_MS);
});
