// The page of one pump: asked for every few seconds while somebody looks.

import { alertLines } from "./alert_lines.js";
import { ago, chargeChart } from "./charge.js";
import { at, setClock, span, timeOfDay } from "./clock.js";
import { fill, link, make, row, to } from "./elements.js";
import { entryRow } from "./entries.js";
import { poll } from "./poll.js";

const EVERY_MS = 5000;
const $ = (id) => document.getElementById(id);
const pump = document.querySelector("[data-pump]").dataset.pump;
const showCharge = chargeChart($("charge"), $("charge-text"));
const figure = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const percent = (share) => `${Math.round(share * 100)} %`;

function text(id, value) {
  if ($(id).textContent !== value) $(id).textContent = value;
}

function showPlace({ hospital, state }) {
  const area = state && link(to("care-areas", hospital, state.care_area), state.care_area);
  const rest = [hospital, state?.model, state?.location].filter(Boolean).join(" · ");
  fill($("where"), JSON.stringify([hospital, state?.care_area, rest]), ...(area ? [area, " · "] : []), rest);
  $("simulated").hidden = !state?.test;
}

function showState(state, episodes) {
  $("now").hidden = !state;
  $("unheard").hidden = Boolean(state);
  if (!state) return;
  const heard = state.heard_at ?? state.at;
  text("online", state.online ? "Online" : "Not heard");
  text("heard", state.online ? `heard ${ago(heard)}` : `since ${at(heard)}`);
  $("online-tile").classList.toggle("warning", !state.online);
  text("source", state.source === "battery" ? "On battery" : "On mains");
  text("charging", state.charging ? "charging" : state.source === "battery" ? "discharging" : "not charging");
  $("source-tile").classList.toggle("warning", state.source === "battery");
  text("charge-now", `${figure.format(state.charge_pct)} %`);
  $("gauge").style.setProperty("--share", `${state.charge_pct}%`);
  const channels = `${state.channels_running} channel${state.channels_running === 1 ? "" : "s"}`;
  text("infusing", state.infusing ? `${figure.format(state.rate_ml_h)} mL/h` : "Not infusing");
  text("channels", state.infusing ? `infusing, ${channels}` : `${channels} running`);
  const last = episodes[0]?.episode;
  const empty = last && !last.ended_at ? last.empty_at : null;
  const span90 = empty && last.empty_from && last.empty_to ? `, ${at(last.empty_from)} to ${at(last.empty_to)} with nine in ten` : "";
  $("left-tile").hidden = state.source !== "battery";
  text("left", state.minutes_left === null ? (empty ? at(empty) : "–") : span(state.minutes_left * 60));
  text("left-text", [state.minutes_left === null ? "" : "left, says the pump", empty ? `empty about ${at(empty)}${span90}` : ""].filter(Boolean).join("; ") || "the pump does not say how long it lasts");
}

function episodeRow({ episode, cause }) {
  const open = !episode.ended_at;
  const sameDay = !open && new Date(episode.started_at).toDateString() === new Date(episode.ended_at).toDateString();
  const ended = sameDay ? timeOfDay(episode.ended_at) : at(episode.ended_at);
  const end = open ? (episode.paused_at ? `paused ${at(episode.paused_at)}` : "now") : ended;
  const alarms = [episode.low_alarm ? "low alarm" : "", episode.depleted ? "ran empty" : "", episode.silent_since ? "fell silent" : ""].filter(Boolean);
  return row(
    make("span", "", `${at(episode.started_at)} – ${end}`),
    span(episode.minutes * 60),
    `${figure.format(episode.charge_start)} → ${figure.format(episode.charge_min)} %`,
    [cause, ...alarms].join(", "),
    (episode.drugs ?? []).join(", "),
  );
}

function showEpisodes(episodes) {
  $("no-episodes").hidden = episodes.length > 0;
  $("episodes").hidden = !episodes.length;
  fill($("episode-rows"), JSON.stringify(episodes), ...episodes.map(episodeRow));
}

function showEntries(entries) {
  $("no-entries").hidden = entries.length > 0;
  $("entries").hidden = !entries.length;
  fill($("entry-rows"), JSON.stringify(entries), ...entries.map(entryRow));
}

function facts(list, pairs) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  fill(list, JSON.stringify(shown), ...shown.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
}

function showVerdict(name, found, pairs) {
  $(`${name}-none`).hidden = Boolean(found);
  $(`${name}-verdict`).hidden = !found;
  if (!found) return;
  const { alert } = found;
  $(`${name}-link`).href = to("alerts", alert.fingerprint);
  text(`${name}-link`, alert.summary);
  text(`${name}-state`, alert.state === "resolved" ? `Resolved; it stood since ${at(alert.since)}.` : `Open since ${at(alert.since)}.`);
  facts($(`${name}-facts`), pairs(alert.subject));
}

const batteryFacts = ({ battery }) => [
  ["Capacity", battery && `${percent(battery.capacity)} of the design`],
  ["With nine in ten", battery && `${percent(battery.low)} to ${percent(battery.high)}`],
  ["Discharges seen", battery && String(battery.discharges)],
  ["Why", battery?.evidence?.join(" ")],
];

const keypadFacts = ({ keypad }) => [
  ["Entries with a bounce", keypad && `${keypad.bounced_entries} of ${keypad.entries}`],
  ["Usual on other pumps", keypad && `${figure.format(keypad.usual * 100)} %`],
  ["Keys", keypad && Object.entries(keypad.keys ?? {}).map(([key, times]) => `${key} (${times})`).join(", ")],
  ["Entries since without one", keypad && String(keypad.clean ?? 0)],
];

function show(view) {
  setClock(view.now);
  showPlace(view);
  showState(view.state, view.episodes);
  showCharge(view);
  showEpisodes(view.episodes);
  showEntries(view.entries);
  fill($("open"), JSON.stringify(view.open), alertLines(view.open, "No alert of this pump is open."));
  fill($("resolved"), JSON.stringify(view.resolved), alertLines(view.resolved, "None in the last 30 days."));
  showVerdict("battery", view.battery, batteryFacts);
  showVerdict("keypad", view.keypad, keypadFacts);
  $("main").ariaBusy = "false";
}

poll(() => `/api${to("pumps", pump)}`, EVERY_MS, show);
