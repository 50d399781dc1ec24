// The page of one drug: its figures, limits and open alerts, asked for again while somebody looks.

import { alertLines } from "./alert_lines.js";
import { axis, chart, colour, faint, timeAxis } from "./chart.js";
import { at, setClock } from "./clock.js";
import { distributionChart, distributionText } from "./distribution.js";
import { fill, link, make, row, to } from "./elements.js";
import { poll } from "./poll.js";
import uPlot from "/static/vendor/uplot/uPlot.esm.js";

const EVERY_MS = 20_000;
const HEIGHT = 150;
const HOUR_S = 3600;
const PROFILES = { adult_icu: "adult ICU", ward: "ward", paediatric: "paediatric", neonatal: "neonatal" };
const $ = (id) => document.getElementById(id);
const page = $("main");
const { drug } = page.dataset;
const figure = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
const count = new Intl.NumberFormat("en-US");
const query = new URLSearchParams(location.search);
let hospital = query.get("hospital") ?? "";
let shown = null;

const bars = () => uPlot.paths.bars({ size: [0.7, 24], align: 0 });
const counted = { range: (_u, _low, high) => [0, Math.max(1, high) * 1.1] };
// From the data itself: of a single hour uPlot would show a thousand days.
const hoursShown = ({ data: [at] }) => (at.length ? [at[0] - 2 * HOUR_S, at[at.length - 1] + 2 * HOUR_S] : [null, null]);
const plain = { legend: { show: false }, cursor: { show: false } };
const showTime = chart($("time"), HEIGHT, () => ({
  ...plain,
  scales: { x: { time: true, range: hoursShown }, y: counted },
  axes: [timeAxis(), axis({ size: 44 })],
  series: [
    {},
    { stroke: colour("accent"), fill: faint("accent", 0.45), width: 1, paths: bars(), points: { show: false } },
    { stroke: colour("panel"), paths: () => null, points: { show: true, size: 11, fill: colour("critical"), stroke: colour("panel") } },
  ],
}));
const showDay = chart($("day"), HEIGHT, () => ({
  ...plain,
  scales: { x: { time: false, range: [-0.6, 23.6] }, y: counted },
  axes: [axis({ size: 30, space: 34, incrs: [1, 2, 3, 6], values: (_u, splits) => splits.map((hour) => String(hour).padStart(2, "0")) }), axis({ size: 44 })],
  series: [
    {},
    { stroke: colour("accent"), fill: faint("accent", 0.45), width: 1, paths: bars(), points: { show: false } },
    { stroke: colour("warning"), fill: colour("warning"), width: 1, paths: bars(), points: { show: false } },
  ],
}));
const showDistribution = distributionChart($("distribution"));

function text(id, value) {
  if ($(id).textContent !== value) $(id).textContent = value;
}

function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  return `${share > 0 && share < 10 ? share.toFixed(1) : Math.round(share)} %`;
}

function meter(share, said) {
  const gauge = make("span", "gauge", make("span", ""));
  gauge.setAttribute("aria-hidden", "true");
  gauge.firstChild.style.width = `${Math.min(1, share || 0) * 100}%`;
  return make("td", "", said, gauge);
}

function numeric(value) {
  return make("td", "numeric", value === null ? "–" : figure.format(value));
}

function showChoices({ hospitals, policies, names, since }) {
  const options = [["", hospitals.length === 1 && !hospital ? hospitals[0] : "All hospitals"], ...(hospitals.length > 1 || hospital ? [...new Set([...hospitals, hospital].filter(Boolean))].map((name) => [name, name]) : [])];
  if (!$("hospital").filledWith || $("hospital").options.length < options.length) {
    fill($("hospital"), JSON.stringify(options), ...options.map(([value, name]) => new Option(name, value)));
  }
  $("hospital").value = hospital;
  const others = names.filter((name) => name !== shown.drug);
  text("under", others.length ? `entered as ${names.join(", ")}` : "");
  text("since", since === null ? "" : `since ${at(since * 1000)}`);
  $("high-alert").hidden = !policies.some((policy) => policy.limits.some((limits) => limits.high_alert));
}

function showFigures({ whole }) {
  const decided = whole.corrected + whole.stood;
  text("entries", count.format(whole.entries));
  text("override-rate", percent(whole.overridden, whole.warned));
  text("override-text", `override rate: ${count.format(whole.overridden)} of ${count.format(whole.warned)} warnings`);
  text("flagged", count.format(whole.flagged));
  text("flagged-text", `flagged, ${percent(whole.flagged, whole.entries)} of entries`);
  text("corrected", count.format(whole.corrected));
  text("corrected-text", `corrected, ${count.format(whole.caught)} to a value that was named`);
  text("stood", count.format(whole.stood));
  text("stood-text", `stood, of ${count.format(decided)} decided; ${count.format(whole.undecided)} open`);
}

function showHours({ hours }) {
  const flagged = hours.flagged.map((number, n) => (number ? hours.entries[n] : null));
  // A bar stands in the middle of its hour.
  showTime([hours.at.map((second) => second + HOUR_S / 2), hours.entries, flagged]);
  const most = hours.entries.indexOf(Math.max(...hours.entries));
  text("time-text", hours.at.length ? `${hours.at.length} ${hours.at.length === 1 ? "hour" : "hours"} with entries, most (${count.format(hours.entries[most])}) in the hour from ${at(hours.at[most] * 1000)}.` : "No entries in this time.");
  const day = Array.from({ length: 24 }, () => ({ entries: 0, warned: 0, overridden: 0, flagged: 0 }));
  hours.at.forEach((second, n) => {
    const sums = day[new Date(second * 1000).getHours()];
    for (const name of Object.keys(sums)) sums[name] += hours[name][n];
  });
  showDay([day.map((_, hour) => hour), day.map((sums) => sums.entries), day.map((sums) => sums.overridden || null)]);
  const busiest = day.reduce((best, sums, hour) => (sums.entries > day[best].entries ? hour : best), 0);
  text("day-text", hours.at.length ? `By the clock of this screen; most entries are made from ${String(busiest).padStart(2, "0")}:00 to ${String((busiest + 1) % 24).padStart(2, "0")}:00.` : "");
  fill($("day-rows"), JSON.stringify(day), ...day.map((sums, hour) => row(`${String(hour).padStart(2, "0")}:00`, numeric(sums.entries), numeric(sums.warned), numeric(sums.overridden), numeric(sums.flagged))));
}

function areaRow({ hospital: name, care_area: area, figures }) {
  const place = make("span", "", link(to("care-areas", name, area), area), hospital ? "" : make("span", "soft", ` ${name}`));
  return row(
    place,
    numeric(figures.entries),
    meter(figures.overridden / figures.warned, figures.warned ? `${percent(figures.overridden, figures.warned)} of ${count.format(figures.warned)}` : "no warnings"),
    meter(figures.flagged / figures.entries, `${count.format(figures.flagged)}, ${percent(figures.flagged, figures.entries)}`),
    numeric(figures.corrected),
    numeric(figures.stood),
  );
}

function showUsage({ usage }) {
  showFigures(usage);
  showHours(usage);
  fill($("area-rows"), JSON.stringify([usage.care_areas, hospital]), ...usage.care_areas.map(areaRow));
  $("no-slips").hidden = usage.slips.length > 0;
  $("slips").hidden = !usage.slips.length;
  const most = Math.max(...usage.slips.map((slip) => slip.flagged), 1);
  fill($("slip-rows"), JSON.stringify(usage.slips), ...usage.slips.map(({ slip, flagged, corrected }) => row(slip, meter(flagged / most, count.format(flagged)), numeric(corrected))));
}

function named(limits) {
  return `${PROFILES[limits.profile]}, ${limits.field} in ${limits.unit}`;
}

/** Every row of every library, with what is expected within it. */
function rowsOf(policies) {
  return policies.flatMap((policy) => policy.limits.map((limits, n) => ({ policy, limits, distribution: policy.distributions[n] })));
}

function showRow() {
  const chosen = rowsOf(shown.policies)[Number($("row").value)];
  if (!chosen?.distribution) {
    $("distribution").hidden = true;
    text("usual-text", "");
    return;
  }
  $("distribution").hidden = false;
  showDistribution(chosen.distribution, chosen.limits, []);
  text("usual-text", `${named(chosen.limits)}: ${distributionText(chosen.distribution)}`);
}

function showLimits({ policies }) {
  const rows = rowsOf(policies);
  $("limits").hidden = !rows.length;
  $("no-limits").hidden = rows.length > 0;
  if (!rows.length) return;
  const several = policies.length > 1;
  fill($("row"), JSON.stringify(policies), ...rows.map(({ policy, limits }, n) => new Option(`${named(limits)}${several ? `, library ${policy.version}` : ""}`, n)));
  fill(
    $("limit-rows"),
    JSON.stringify(policies),
    ...rows.map(({ policy, limits }) =>
      row(
        `${PROFILES[limits.profile]}${several ? `, library ${policy.version}` : ""}`,
        `${limits.field}, ${limits.unit}`,
        ...[limits.hard_low, limits.soft_low, limits.soft_high, limits.hard_high].map(numeric),
        make("td", "soft small source", limits.source),
      ),
    ),
  );
  const whose = policies.map((policy) => `${policy.own ? `Library ${policy.version}` : `Library ${policy.version}, used where a hospital has none of its own`}: ${policy.hospitals.join(", ")}`);
  text("library", `${whose.join("; ")}. A library is a hospital's policy, not a norm.`);
  showRow();
}

function show(told) {
  shown = told;
  setClock(told.now);
  text("title", told.drug);
  showChoices(told);
  showUsage(told);
  showLimits(told);
  fill($("open"), JSON.stringify(told.open), alertLines(told.open, "No alert on this drug is open.", true));
  text("open-title", told.open_in_all > told.open.length ? `Open alerts: ${told.open.length} of ${told.open_in_all}` : "Open alerts");
  page.ariaBusy = "false";
}

function asked() {
  const wanted = new URLSearchParams({ span: $("span").value });
  if (hospital) wanted.set("hospital", hospital);
  return `/api${to("drugs", drug)}?${wanted}`;
}

function remember() {
  const kept = new URLSearchParams();
  if (hospital) kept.set("hospital", hospital);
  if ($("span").value !== "week") kept.set("span", $("span").value);
  history.replaceState(null, "", kept.size ? `?${kept}` : location.pathname);
  ask();
}

if ([...$("span").options].some((option) => option.value === query.get("span"))) $("span").value = query.get("span");
const ask = poll(asked, EVERY_MS, show);
$("span").addEventListener("change", remember);
$("row").addEventListener("change", showRow);
$("hospital").addEventListener("change", () => {
  hospital = $("hospital").value;
  remember();
});
