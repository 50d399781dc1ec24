// Care areas beside each other: a dot for each share on one scale, with the interval that holds the true one.

import { link, make, row, to } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A dot and its interval on a scale from 0 to `most`, in percent of the width. The figures stand beside it. */
function dot({ share, low, high }, others, most, here) {
  const svg = drawn("svg", { class: here ? "dots here" : "dots", width: "100%", height: 20, "aria-hidden": "true" });
  const place = (value) => `${(value / most) * 96 + 2}%`;
  svg.append(drawn("line", { class: "scale", x1: 0, x2: "100%", y1: 10, y2: 10 }));
  if (others !== null) svg.append(drawn("line", { class: "all", x1: place(others), x2: place(others), y1: 1, y2: 19 }));
  svg.append(drawn("line", { class: "interval", x1: place(low), x2: place(high), y1: 10, y2: 10 }));
  svg.append(drawn("circle", { cx: place(share), cy: 10, r: 5 }));
  return svg;
}

/** A row for each care area of a figure: its name, its dot, its share and what that is of. */
export function units(figure, hospital, careArea, percent, amount) {
  const most = Math.max(...figure.units.map((unit) => unit.share.high ?? 0), 0.001);
  return figure.units.map(({ care_area: name, share }) => {
    const here = name === careArea;
    const known = share.share !== null;
    const told = known ? `${percent(share.share)} (${percent(share.low)} to ${percent(share.high)})` : "not enough data";
    const place = make("td", "plot", known ? dot(share, figure.others.share, most, here) : null);
    const found = row(
      here ? make("b", "", name) : link(to("care-areas", hospital, name), name),
      place,
      make("td", "numeric", told),
      make("td", "numeric soft", `of ${amount(share.whole, figure.minutes)}`),
    );
    if (here) found.setAttribute("aria-current", "true");
    return found;
  });
}
