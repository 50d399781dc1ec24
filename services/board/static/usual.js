// The last hour against the usual hour, under the counts of the board.

import { at, timeOfDay } from "./clock.js";
import { fill, make } from "./elements.js";
import { poll } from "./poll.js";

const SVG = "http://www.w3.org/2000/svg";
const EVERY_MS = 15_000;
const READING_MS = 1500; // while the board still reads the weeks before
const HOUR_MS = 3_600_000;
const WORDS = { below: "below the usual", usual: "as usual", above: "above the usual" };
const WIDE = matchMedia("(min-width: 861px)");
const $ = (id) => document.getElementById(id);
const figure = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** The usual band with its median, and the last hour as a dot on it; the words beside it say the same. */
function range({ last, usual }) {
  const svg = drawn("svg", { class: "range", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" });
  const most = Math.max(usual.high, last, 1) * 1.08;
  const place = (value) => (value / most) * 100;
  const low = place(usual.low);
  svg.append(
    drawn("line", { class: "scale", x1: 0, x2: 100, y1: 6, y2: 6 }),
    drawn("rect", { class: "band", x: low, y: 2.5, width: Math.max(place(usual.high) - low, 1), height: 7 }),
    drawn("line", { class: "median", x1: place(usual.median), x2: place(usual.median), y1: 1, y2: 11 }),
  );
  // A dot would be stretched with the band; a short thick line is not seen to be.
  const dot = Math.min(Math.max(place(last), 0.8), 99.2);
  svg.append(drawn("line", { class: "dot-now", x1: dot, x2: dot, y1: 0, y2: 12 }));
  return svg;
}

function card(each, days, least) {
  const { usual, standing } = each;
  const band = usual && `usual ${figure.format(usual.median)} (${figure.format(usual.low)}–${figure.format(usual.high)})`;
  const sofar = `this hour ${figure.format(each.so_far)}${each.by_now === null ? "" : `, usual by now ${figure.format(each.by_now)}`}`;
  const name = make("abbr", "", each.title);
  name.title = each.meaning;
  return make(
    "li",
    `hour${standing && standing !== "usual" ? " unusual" : ""}`,
    make("p", "hour-head", name, make("b", "", `${figure.format(each.last)}${each.unit ? ` ${each.unit}` : ""}`), make("span", "standing", standing ? WORDS[standing] : "")),
    usual ? range(each) : null,
    make("p", "soft", band ?? `not enough data yet: ${days} of ${least} days`),
    make("p", "soft", sofar),
  );
}

function show({ begins_at: begin, days, least_days: least, complete, figures }) {
  const title = `${at(begin)}–${timeOfDay(begin + HOUR_MS)} against the usual hour`;
  const unusual = figures.filter((each) => each.standing === "above" || each.standing === "below");
  const state = !complete
    ? "reading the weeks before…"
    : days < least
      ? "not enough data yet"
      : unusual.length
        ? unusual.map((each) => `${each.title.toLowerCase()} ${each.standing}`).join(", ")
        : "all as usual";
  if ($("usual-title").textContent !== title) $("usual-title").textContent = title;
  if ($("usual-state").textContent !== state) $("usual-state").textContent = state;
  fill($("usual-hours"), JSON.stringify(figures), ...figures.map((each) => card(each, days, least)));
  $("usual-note").textContent = days < least ? "" : `Usual: the same hour of the last ${days} days; the median, and the band of four days in five.`;
  return complete ? EVERY_MS : READING_MS;
}

function url() {
  const hospital = new URLSearchParams(location.search).get("hospital");
  return `/api/usual${hospital ? `?hospital=${encodeURIComponent(hospital)}` : ""}`;
}

const details = $("usual");
const chosen = localStorage.getItem("usual");
details.open = chosen ? chosen === "open" : WIDE.matches;
details.querySelector("summary").addEventListener("click", () => localStorage.setItem("usual", details.open ? "closed" : "open"));

const ask = poll(url, EVERY_MS, show, { quiet: true });
let asked = url();
setInterval(() => {
  if (url() === asked) return; // the choice of a hospital stands in the address
  asked = url();
  ask();
}, 500);
