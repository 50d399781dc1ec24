// The charge of a pump over the last days: a curve, shaded while it ran on battery, underlined while it infused.

import { axis, chart, colour, faint, timeAxis } from "./chart.js";
import { at, clock, span } from "./clock.js";

// A pump that is heard has a sample every half hour; where there is none for longer, nothing is known.
const UNKNOWN_AFTER_S = 45 * 60;
const MARK_PX = 5;

/** Samples with a hole wherever nothing was heard, and the state now as the last one. */
function completed({ at: times, charge_pct: charge, on_battery: battery, infusing }, state) {
  const samples = times.map((time, i) => ({ time, charge: charge[i], battery: battery[i], infusing: infusing[i] }));
  const now = state && { time: Math.floor(state.at / 1000), charge: state.charge_pct, battery: state.source === "battery", infusing: state.infusing };
  if (now && (!samples.length || now.time > samples.at(-1).time)) samples.push(now);
  return samples.flatMap((sample, i) => {
    const before = samples[i - 1];
    const hole = before && sample.time - before.time > UNKNOWN_AFTER_S;
    return hole ? [{ time: before.time + 1, charge: null, battery: false, infusing: false }, sample] : [sample];
  });
}

/** Stretches of time in which something held from one sample to the next: [from, to] in seconds. */
function stretches(samples, held) {
  const found = [];
  samples.slice(0, -1).forEach((sample, i) => {
    if (!held(sample)) return;
    const [from, to] = [sample.time, samples[i + 1].time];
    if (found.length && found.at(-1)[1] === from) found.at(-1)[1] = to;
    else found.push([from, to]);
  });
  return found;
}

function paint(plot, found, top, height) {
  const { ctx, bbox } = plot;
  for (const [from, to] of found) {
    const left = Math.max(plot.valToPos(from, "x", true), bbox.left);
    const right = Math.min(plot.valToPos(to, "x", true), bbox.left + bbox.width);
    if (right > left) ctx.fillRect(left, top, Math.max(right - left, 1), height);
  }
}

/** What the curve shows, in a sentence. */
function sentence(samples) {
  const known = samples.filter((sample) => sample.charge !== null);
  if (!known.length) return "No charge is known yet.";
  const lowest = known.reduce((low, sample) => (sample.charge < low.charge ? sample : low));
  const seconds = (found) => found.reduce((sum, [from, to]) => sum + to - from, 0);
  const battery = seconds(stretches(samples, (sample) => sample.battery));
  const infusing = seconds(stretches(samples, (sample) => sample.battery && sample.infusing));
  const told = `Since ${at(known[0].time * 1000)}: lowest ${lowest.charge} % at ${at(lowest.time * 1000)}`;
  return battery ? `${told}; ${span(battery)} on battery, ${span(infusing)} of them infusing.` : `${told}; never on battery.`;
}

/** A chart of the charge in `place`, and its sentence in `text`. Returns what shows a pump. */
export function chargeChart(place, text) {
  let samples = [];
  const show = chart(place, 230, () => ({
    class: "charge",
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { range: (_, low, high) => [Math.min(low, high - 3600), high] }, y: { range: [0, 100] } },
    axes: [timeAxis(), axis({ size: 52, values: (_, splits) => splits.map((split) => `${split} %`) })],
    series: [
      { label: "At", value: (_, time) => (time === null ? "–" : at(time * 1000)) },
      { label: "Charge", stroke: colour("accent"), width: 2, points: { show: samples.length < 3 }, value: (_, charge) => (charge === null || charge === undefined ? "–" : `${charge} %`) },
    ],
    hooks: {
      drawClear: [
        (plot) => {
          const { ctx, bbox } = plot;
          ctx.save();
          ctx.fillStyle = faint("warning", 0.32);
          paint(plot, stretches(samples, (sample) => sample.battery), bbox.top, bbox.height);
          ctx.fillStyle = colour("ok");
          const mark = MARK_PX * devicePixelRatio;
          paint(plot, stretches(samples, (sample) => sample.infusing), bbox.top + bbox.height - mark, mark);
          ctx.restore();
        },
      ],
    },
  }));
  let shown = "";
  return ({ charge, state }) => {
    samples = completed(charge, state);
    const key = JSON.stringify(samples);
    if (key === shown) return;
    shown = key;
    text.textContent = sentence(samples);
    place.hidden = samples.length < 2;
    if (samples.length > 1) show([samples.map((sample) => sample.time), samples.map((sample) => sample.charge)]);
  };
}

/** How long ago something was, in words. */
export function ago(when) {
  return `${span((clock() - when) / 1000)} ago`;
}
