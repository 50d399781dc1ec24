// Recent dose entries of a pump: a table, and a chart of those that can be compared.

import { axis, chart, colour, timeAxis } from "./chart.js";
import { at } from "./clock.js";
import { link, make, to } from "./elements.js";

const HEIGHT = 150;
const VERDICTS = { ok: "plausible", suspect: "suspect", error: "error" };
const RESOLUTIONS = { open: "not known yet", stood: "stood", cancelled: "given up" };

function became({ resolution, corrected_to: corrected }) {
  if (resolution === null) return "";
  return resolution === "corrected" ? `corrected${corrected === null ? "" : ` to ${corrected}`}` : RESOLUTIONS[resolution];
}

/** One entry as a row of the table. */
export function entryRow(entry) {
  const flagged = entry.verdict !== "ok";
  const share = flagged ? ` ${Math.min(99, Math.round(entry.likelihood * 100))} %` : "";
  const verdict = entry.alert && !entry.this ? link(to("alerts", entry.alert), `${VERDICTS[entry.verdict]}${share}`) : `${VERDICTS[entry.verdict]}${share}`;
  const cells = [
    make("th", "", at(entry.at)),
    make("td", "", `${entry.drug} ${entry.field}`),
    make("td", "numeric", entry.previous_figure ?? "–"),
    make("td", "numeric", make(flagged ? "b" : "span", flagged ? "flagged" : "", entry.typed_figure), ` ${entry.unit}`),
    make("td", "", [entry.commit, entry.limit].filter(Boolean).join(", ")),
    make("td", "", verdict),
    make("td", "", became(entry)),
  ];
  cells[0].scope = "row";
  const line = make("tr", entry.this ? "this" : "", ...cells);
  if (entry.this) line.setAttribute("aria-current", "true");
  return line;
}

/** A chart in `place`; returns what shows entries, or hides it where fewer than two can be compared. */
export function entriesChart(place, key) {
  let unit = "";
  const points = (name, size) => ({ stroke: colour(name), paths: () => null, points: { show: true, size, fill: colour(name), stroke: colour("panel") } });
  const show = chart(place, HEIGHT, () => ({
    scales: { x: { time: true }, y: { range: (_u, _low, high) => [0, high * 1.12 || 1] } },
    axes: [timeAxis(), axis({ label: unit, labelSize: 18, labelFont: "12px system-ui, sans-serif", size: 56 })],
    series: [{}, points("accent", 8), points("critical", 12)],
    legend: { show: false },
    cursor: { show: false },
  }));
  return (entries) => {
    const [this_] = entries.filter((entry) => entry.this);
    const alike = entries.filter((entry) => this_ && entry.drug === this_.drug && entry.unit === this_.unit && entry.field === this_.field);
    const worth = alike.length > 1;
    place.hidden = key.hidden = !worth;
    if (!worth) return;
    unit = this_.unit;
    const shown = [...alike].sort((a, b) => a.at - b.at);
    show([
      shown.map((entry) => entry.at / 1000),
      shown.map((entry) => (entry.verdict === "ok" ? entry.typed : null)),
      shown.map((entry) => (entry.verdict === "ok" ? null : entry.typed)),
    ]);
  };
}
