// What is usual of a drug as a chart over the logarithm of the value, with limits and with what was typed and meant.

import { axis, chart, colour, faint } from "./chart.js";

const HEIGHT = 190;
const MARGIN = 1.35;
const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

/** Values from the distribution, the limits and the marks, so that all are in the picture. */
function range({ distribution, limits, marks }) {
  const bounds = limits ? [limits.soft_low, limits.soft_high, limits.hard_low, limits.hard_high] : [];
  const all = [...distribution.values, ...bounds, ...marks.map((mark) => mark.value)].filter((value) => value > 0);
  return [Math.min(...all) / MARGIN, Math.max(...all) * MARGIN];
}

/** 1, 2 and 5 of each power of ten within a range; of many powers only the ones. */
function ticks([low, high]) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const steps = last - first > 4 ? [1] : [1, 2, 5];
  const found = [];
  for (let power = first; power <= last; power += 1) for (const step of steps) found.push(Number(`${step}e${power}`));
  return found.filter((tick) => tick >= low && tick <= high);
}

/** Small strokes at the numbers that are entered most often. */
function usualTicks(u, usual) {
  const { ctx, bbox } = u;
  ctx.fillStyle = colour("accent");
  for (const [value] of usual) ctx.fillRect(u.valToPos(value, "x", true) - devicePixelRatio, bbox.top + bbox.height - 9 * devicePixelRatio, 2 * devicePixelRatio, 9 * devicePixelRatio);
}

function limitBands(u, limits) {
  if (!limits) return;
  const { ctx, bbox } = u;
  const x = (value) => Math.min(Math.max(u.valToPos(value, "x", true), bbox.left), bbox.left + bbox.width);
  const band = (from, to, name, share) => {
    ctx.fillStyle = faint(name, share);
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  };
  const [left, right] = [bbox.left, bbox.left + bbox.width];
  const { soft_low: softLow, soft_high: softHigh, hard_low: hardLow, hard_high: hardHigh } = limits;
  if (softHigh !== null) band(x(softHigh), hardHigh === null ? right : x(hardHigh), "warning", 0.2);
  if (softLow !== null) band(hardLow === null ? left : x(hardLow), x(softLow), "warning", 0.2);
  if (hardHigh !== null) band(x(hardHigh), right, "critical", 0.2);
  if (hardLow !== null) band(left, x(hardLow), "critical", 0.2);
}

function markLines(u, marks) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  marks.forEach((mark, n) => {
    if (!(mark.value > 0)) return;
    const x = u.valToPos(mark.value, "x", true);
    ctx.strokeStyle = ctx.fillStyle = colour(mark.colour);
    ctx.lineWidth = 2 * ratio;
    ctx.setLineDash(mark.dashed ? [5 * ratio, 4 * ratio] : []);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(mark.text).width;
    const fits = x + width + 6 * ratio < bbox.left + bbox.width;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(mark.text, x + (fits ? 5 : -5) * ratio, bbox.top + (4 + 16 * n) * ratio);
  });
  ctx.setLineDash([]);
}

/** A chart in `place`; returns what shows a distribution, its limits and marks `{value, text, colour, dashed}`. */
export function distributionChart(place) {
  let shown = null;
  const show = chart(place, HEIGHT, () => ({
    scales: { x: { time: false, distr: 3, range: () => range(shown) }, y: { range: (_u, _low, high) => [0, high * 1.25] } },
    axes: [
      axis({ size: 32, splits: () => ticks(range(shown)), filter: (_u, splits) => splits, values: (_u, splits) => splits.map((value) => number.format(value)) }),
      axis({ show: false }),
    ],
    series: [{}, { stroke: colour("accent"), width: 2, fill: faint("accent", 0.16), points: { show: false } }],
    legend: { show: false },
    cursor: { show: false },
    hooks: { drawClear: [(u) => limitBands(u, shown.limits)], draw: [(u) => usualTicks(u, shown.distribution.usual), (u) => markLines(u, shown.marks)] },
  }));
  return (distribution, limits, marks) => {
    const same = shown && JSON.stringify([distribution, limits, marks]) === JSON.stringify([shown.distribution, shown.limits, shown.marks]);
    if (same) return;
    shown = { distribution, limits, marks };
    show([distribution.values, distribution.density]);
  };
}

/** The distribution in a sentence. */
export function distributionText({ low, high, unit, entries, usual }) {
  const most = [...usual].sort((a, b) => b[1] - a[1]).slice(0, 4).map(([value]) => number.format(value));
  const often = most.length > 1 ? ` Entered most often, marked at the foot: ${most.slice(0, -1).join(", ")} and ${most.at(-1)}.` : "";
  const basis = entries ? `from ${entries} entries of real infusions and the library's limits` : "from the library's limits and what is usual in this unit";
  return `Nine in ten first entries are expected from ${number.format(low)} to ${number.format(high)} ${unit}, ${basis}.${often}`;
}
