// Charts in the colours of the page, as wide as their place, drawn anew when either changes.

import uPlot from "/static/vendor/uplot/uPlot.esm.js";

/** A colour of the page by the name of its variable. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The same colour, but only so much of it: 0 is nothing, 1 is all. */
export function faint(name, share) {
  return `color-mix(in srgb, ${colour(name)} ${share * 100}%, transparent)`;
}

/** An axis of the page's ink. */
export function axis(more = {}) {
  return {
    stroke: colour("soft"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1, size: 4 },
    ...more,
  };
}

/** Bars instead of a line. */
export const barPaths = uPlot.paths.bars({ size: [0.7, 40] });

const hourOf = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const dayOf = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

/** An axis of time in seconds: the hour, and under the first of a day its date. */
export function timeAxis(more = {}) {
  const days = (splits) => splits.map((split) => dayOf.format(split * 1000));
  return axis({
    size: 46,
    space: 60,
    values: (_, splits) => {
      const shown = days(splits);
      return splits.map((split, i) => hourOf.format(split * 1000) + (shown[i] === shown[i - 1] ? "" : `\n${shown[i]}`));
    },
    ...more,
  });
}

/**
 * A chart in `place`. `options()` are those of uPlot without width and height, asked for anew for other colours;
 * `height` is in px. Returns what shows other columns.
 */
export function chart(place, height, options) {
  let plot = null;
  let columns = null;
  const width = () => Math.max(240, Math.floor(place.clientWidth));

  function draw() {
    plot?.destroy();
    plot = new uPlot({ ...options(), width: width(), height }, columns, place);
  }
  new ResizeObserver(() => {
    if (plot && plot.width !== width()) plot.setSize({ width: width(), height });
  }).observe(place);
  document.addEventListener("themechange", () => columns && draw());

  return (shown) => {
    columns = shown;
    if (plot) plot.setData(columns);
    else draw();
  };
}
