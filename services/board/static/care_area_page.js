// The page of one care area: the figure that is chosen goes through all charts.

import { alertLines } from "./alert_lines.js";
import { axis, barPaths, chart, colour, faint } from "./chart.js";
import { setClock, span } from "./clock.js";
import { fill, link, make, row, to } from "./elements.js";
import { poll } from "./poll.js";
import { units } from "./units.js";

const EVERY_MS = 15_000;
const READING_MS = 500; // while the board still reads the weeks before
const $ = (id) => document.getElementById(id);
const { hospital, careArea } = $("main").dataset;
const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const dayName = new Intl.DateTimeFormat([], { day: "numeric", month: "short", timeZone: "UTC" });
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
let chosen = "overrides";
let latest = null;

/** A share as people write it: one digit behind the point below ten percent. */
function percent(share) {
  return share === null || share === undefined || Number.isNaN(share) ? "–" : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** What a share is of: a number, or hours where it is of minutes. */
function amount(whole, minutes) {
  return minutes ? `${number.format(whole / 60)} h` : number.format(whole);
}

function bars(place, labels) {
  const show = chart(place, 190, () => ({
    cursor: { y: false },
    legend: { show: true },
    scales: { x: { time: false, range: (_, low, high) => [low - 0.7, high + 0.7] }, y: { range: (_, __, high) => [0, Math.max(high || 0, 0.01) * 1.1] } },
    axes: [
      axis({ size: 30, space: 60, incrs: [1, 2, 3, 4, 6, 7, 12, 14], values: (_, splits) => splits.map((split) => labels()[split] ?? "") }),
      axis({ size: 52, values: (_, splits) => splits.map(percent) }),
    ],
    series: [
      { label: "At", value: (_, at) => (at === null ? "–" : labels()[at] ?? "–") },
      { label: "Share", stroke: colour("accent"), fill: faint("accent", 0.45), width: 1, points: { show: false }, paths: barPaths, value: (_, share) => percent(share) },
    ],
  }));
  return (pairs) => show([pairs.map((_, i) => i), pairs.map(([part, whole]) => (whole ? part / whole : null))]);
}

let dayLabels = [];
const hourLabels = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);
const showDays = bars($("by-day"), () => dayLabels);
const showHours = bars($("by-hour"), () => hourLabels);

/** The highest and the lowest in a sentence. */
function sentence(pairs, labels, minutes) {
  const known = pairs.map(([part, whole], i) => ({ share: whole ? part / whole : null, whole, label: labels[i] })).filter((each) => each.share !== null);
  if (!known.length) return "Nothing is known yet.";
  const high = known.reduce((most, each) => (each.share > most.share ? each : most));
  const low = known.reduce((least, each) => (each.share < least.share ? each : least));
  return `From ${percent(low.share)} (${low.label}, of ${amount(low.whole, minutes)}) to ${percent(high.share)} (${high.label}, of ${amount(high.whole, minutes)}).`;
}

function showSeries(name, pairs, labels, minutes, show) {
  const key = JSON.stringify([pairs, labels]);
  const text = $(`${name}-text`);
  if (text.dataset.key === key) return;
  text.dataset.key = key;
  text.textContent = sentence(pairs, labels, minutes);
  show(pairs);
  $(`${name}-rows`).replaceChildren(
    ...pairs.map(([part, whole], i) => row(labels[i], numeric(whole ? percent(part / whole) : "–"), numeric(amount(whole, minutes)))),
  );
}

function numeric(text) {
  return make("td", "numeric", text);
}

function standing({ low, high }, others) {
  if (low === null || others.share === null) return "not enough data";
  if (low > others.share) return "higher than elsewhere";
  if (high < others.share) return "lower than elsewhere";
  return "no clear difference";
}

function figureRow(figure) {
  const mine = figure.units.find((unit) => unit.care_area === careArea)?.share ?? { part: 0, whole: 0, share: null, low: null, high: null };
  const choice = make("input");
  choice.type = "radio";
  choice.name = "figure";
  choice.value = figure.name;
  choice.checked = figure.name === chosen;
  const label = make("label", "", choice, figure.title);
  const interval = mine.low === null ? "not enough data" : `${percent(mine.low)} to ${percent(mine.high)}`;
  const said = standing(mine, figure.others);
  const verdict = make("td", said.startsWith("higher") || said.startsWith("lower") ? "tight clear" : "tight soft", mine.low === null ? "" : said);
  return row(label, numeric(percent(mine.share)), numeric(amount(mine.whole, figure.minutes)), make("td", "tight", interval), numeric(percent(figure.others.share)), verdict);
}

function showFigure(view) {
  const figure = view.figures.figures.find((each) => each.name === chosen);
  $("units-title").textContent = `${figure.title}: care areas`;
  $("days-title").textContent = `${figure.title} by day`;
  $("hours-title").textContent = `${figure.title} by hour of the day`;
  $("meaning").textContent = figure.meaning;
  fill($("units"), JSON.stringify([chosen, figure.units]), ...units(figure, hospital, careArea, percent, amount));
  dayLabels = view.figures.days.map((day) => dayName.format(new Date(day)));
  showSeries("by-day", figure.by_day, dayLabels, figure.minutes, showDays);
  showSeries("by-hour", figure.by_hour, hourLabels, figure.minutes, showHours);
}

function showSlips({ figures: { slips }, slip_names: names }) {
  const [here, others] = [slips.reduce((sum, slip) => sum + slip.count, 0), slips.reduce((sum, slip) => sum + slip.others, 0)];
  $("no-slips").hidden = slips.length > 0;
  $("slips").hidden = !slips.length;
  fill(
    $("slip-rows"),
    JSON.stringify(slips),
    ...slips.map((slip) => row(names[slip.slip] ?? slip.slip, numeric(number.format(slip.count)), numeric(here ? percent(slip.count / here) : "–"), numeric(others ? percent(slip.others / others) : "–"))),
  );
}

function showDrugs({ figures: { drugs } }) {
  $("no-drugs").hidden = drugs.length > 0;
  $("drugs").hidden = !drugs.length;
  fill(
    $("drug-rows"),
    JSON.stringify(drugs),
    ...drugs.map((drug) =>
      row(
        link(`${to("drugs", drug.drug)}?hospital=${encodeURIComponent(hospital)}`, drug.drug),
        numeric(number.format(drug.entries)),
        numeric(number.format(drug.flagged)),
        numeric(drug.flag_rate.share === null ? "not enough data" : `${percent(drug.flag_rate.share)} (${percent(drug.flag_rate.low)} to ${percent(drug.flag_rate.high)})`),
        numeric(number.format(drug.overridden)),
      ),
    ),
  );
}

function showBattery(pumps) {
  $("none-on-battery").hidden = pumps.length > 0;
  $("on-battery").hidden = !pumps.length;
  fill(
    $("battery-rows"),
    JSON.stringify(pumps),
    ...pumps.map(({ pump, state }) =>
      row(
        link(to("pumps", pump), pump),
        numeric(`${number.format(state.charge_pct)} %`),
        state.minutes_left === null ? "–" : span(state.minutes_left * 60),
        state.infusing ? "yes" : "no",
        state.location ?? "",
      ),
    ),
  );
}

function show(view) {
  latest = view;
  setClock(view.now);
  const reading = view.hours_read < view.hours_kept;
  $("reading").hidden = !reading;
  if (reading) $("reading").textContent = `The board is reading the weeks before: ${view.hours_read} of ${view.hours_kept} hours so far.`;
  const focused = document.activeElement?.name === "figure";
  fill($("figures"), JSON.stringify([chosen, view.figures.figures]), ...view.figures.figures.map(figureRow));
  if (focused) $("figures").querySelector("input:checked").focus();
  showFigure(view);
  showSlips(view);
  showDrugs(view);
  showBattery(view.on_battery);
  const more = view.alerts_open - view.alerts.length;
  fill($("open"), JSON.stringify(view.alerts), alertLines(view.alerts, "No alert of this care area is open.", true), more > 0 ? make("p", "soft", `${more} more are open.`) : null);
  $("note").textContent =
    `Days and hours are those of ${view.zone}. Intervals of counts are Wilson's, those of minutes come from how the days differ; higher or lower than elsewhere: the interval leaves out the share of all others. ` +
    `A care area with fewer than ${view.least_entries} entries, or ${view.least_days} days of infusing, has not enough data. Drugs, slips and figures count simulated entries too.`;
  $("main").ariaBusy = String(reading);
  return reading ? READING_MS : EVERY_MS;
}

$("figures").addEventListener("change", (event) => {
  chosen = event.target.value;
  if (latest) showFigure(latest);
});
const ask = poll(() => `/api${to("care-areas", hospital, careArea)}?days=${$("days").value}&zone=${encodeURIComponent(zone)}`, EVERY_MS, show);
$("days").addEventListener("change", ask);
