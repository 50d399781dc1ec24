// A keypad as it lies on the pump, the keys of an entry in their order, and a timing line; to be stepped through.

import { make } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
const NAMES = { CLEAR: "clear", BACK: "back", UP: "up", DOWN: "down", UP_FAST: "up fast", DOWN_FAST: "down fast", ".": "point" };
const SIGNS = { CLEAR: "C", BACK: "⌫", UP: "▲", DOWN: "▼", UP_FAST: "⏫︎", DOWN_FAST: "⏬︎" };
const CELL = 54;
const KEY = 46;
// A contact that closes again within this many ms bounced: no finger is so fast on the same key.
const BOUNCE_MS = 80;
// Where one waited longer, the player and the timing line do not.
const LONGEST_MS = 2000;
const CAPTION_PX = 190; // what explains the line is longer than a line of two keys
const LINE = { top: 30, bar: 22, least: 52, perMs: 0.055 };
const still = matchMedia("(prefers-reduced-motion: reduce)");

function draw(tag, attributes, ...inside) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** The name of a key as it is spoken. */
function spoken(k) {
  return NAMES[k] ?? k;
}

function places(keypad) {
  const rows = Math.max(0, ...keypad.keys.map((key) => key.row + 1));
  const columns = Math.max(keypad.beside.length ? Math.min(keypad.beside.length, 4) : 1, ...keypad.keys.map((key) => key.column + 1));
  const below = keypad.beside.map((k, n) => ({ k, row: rows + 0.25 * (rows > 0) + Math.floor(n / columns), column: n % columns, beside: true }));
  const all = [...keypad.keys, ...below];
  return { all, width: columns * CELL + 12, height: (Math.max(...all.map((key) => key.row)) + 1) * CELL + 12 };
}

function gapBefore(keys, n) {
  return n ? keys[n].t - keys[n - 1].t : null;
}

function bounced(keys, n) {
  const gap = gapBefore(keys, n);
  return gap !== null && gap > 0 && gap < BOUNCE_MS && keys[n].k === keys[n - 1].k && !keys[n].k.startsWith("UP") && !keys[n].k.startsWith("DOWN");
}

/** The numbers at which a key was pressed, short. */
function orders(keys, k) {
  const found = keys.flatMap((key, n) => (key.k === k ? [n + 1] : []));
  return found.length > 3 ? `${found.slice(0, 3).join(" ")} …` : found.join(" ");
}

/** The keypad. `mark(k)` is the text in the corner of a key; returns the picture and the keys by name. */
function picture(keypad, mark, label) {
  const { all, width, height } = places(keypad);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "keypad", role: "img", "aria-label": label });
  const buttons = new Map();
  for (const { k, row, column, beside } of all) {
    const [x, y] = [column * CELL + 10, row * CELL + 10];
    const corner = mark(k);
    const group = draw(
      "g",
      { class: ["button-key", beside && "beside", corner && "pressed"].filter(Boolean).join(" ") },
      draw("rect", { x, y, width: KEY, height: KEY, rx: 8 }),
      draw("text", { x: x + KEY / 2, y: y + KEY / 2 + 7, class: "sign" }, SIGNS[k] ?? k),
    );
    if (corner) group.append(draw("text", { x: x + KEY - 4, y: y + 12, class: "corner" }, corner));
    buttons.set(k, group);
    svg.append(group);
  }
  return { svg, buttons };
}

/** A keypad with a count on each key that bounced. */
export function countedKeypad(keypad, counts) {
  const said = Object.entries(counts).map(([k, count]) => `${spoken(k)}: ${count}`).join(", ");
  const { svg } = picture(keypad, (k) => (counts[k] ? `×${counts[k]}` : ""), `${keypad.title}. Times a key bounced: ${said}.`);
  return make("div", "keypad-place", svg, make("p", "soft small", `${keypad.title}${keypad.known ? "" : " (the pump's own keypad is not known)"}. The numbers count how often a key bounced.`));
}

function timing(keys) {
  let x = 8;
  const at = keys.map((_, n) => {
    if (n) x += LINE.least + Math.min(gapBefore(keys, n), LONGEST_MS) * LINE.perMs;
    return x;
  });
  const lastWidth = 40;
  const width = Math.max(x + lastWidth + 8, CAPTION_PX);
  const svg = draw("svg", { viewBox: `0 0 ${width} 104`, width, height: 104, class: "timing", "aria-hidden": "true" });
  const bars = keys.map((key, n) => {
    const group = draw("g", { class: bounced(keys, n) ? "stroke bounced" : "stroke" });
    if (n) {
      const middle = (at[n - 1] + 34 + at[n]) / 2;
      const far = gapBefore(keys, n) > LONGEST_MS;
      group.append(
        draw("path", { d: `M${at[n - 1] + 36} ${LINE.top + LINE.bar / 2}H${at[n] - 2}`, class: far ? "gap far" : "gap" }),
        draw("text", { x: middle, y: LINE.top - 8, class: "gap-text" }, milliseconds(gapBefore(keys, n))),
      );
    }
    group.append(
      draw("rect", { x: at[n], y: LINE.top, width: 34, height: LINE.bar, rx: 5 }),
      draw("text", { x: at[n] + 17, y: LINE.top + 16, class: "sign" }, SIGNS[key.k] ?? key.k),
      draw("text", { x: at[n] + 17, y: LINE.top + LINE.bar + 15, class: "hold" }, key.hold === null || key.hold === undefined ? "–" : milliseconds(key.hold)),
    );
    return group;
  });
  const captions = ["above: ms since the key before", "below: how long it was held"];
  svg.append(...bars, ...captions.map((caption, n) => draw("text", { x: 8, y: 86 + 14 * n, class: "caption" }, caption)));
  return { svg, bars, at };
}

function milliseconds(ms) {
  return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
}

function said(keys, n, displayed) {
  const key = keys[n];
  const gap = gapBefore(keys, n);
  const parts = [`Key ${n + 1} of ${keys.length}: ${spoken(key.k)}`];
  if (gap !== null) parts.push(`${milliseconds(gap)} after the one before${bounced(keys, n) ? ", faster than a finger" : ""}`);
  if (key.hold !== null && key.hold !== undefined) parts.push(`held ${milliseconds(key.hold)}`);
  const shows = displayed[n];
  return `${parts.join(", ")}.${shows === null || shows === undefined ? "" : ` The pump shows ${shows || "nothing"}.`}`;
}

/** What was pressed, as a player: step by buttons or by the arrow keys. */
export function keypadPlayer(keypad, keys, displayed) {
  const names = keys.map((key, n) => (bounced(keys, n) ? `${spoken(key.k)} (bounced)` : spoken(key.k))).join(", ");
  const { svg, buttons } = picture(keypad, (k) => orders(keys, k), `${keypad.title}. Keys in their order: ${names}.`);
  const line = timing(keys);
  const display = make("output", "display", "");
  const words = make("p", "said", "");
  words.setAttribute("role", "status");
  let step = keys.length - 1;
  let timer = 0;

  const controls = ["|◀ First", "◀ Back", "▶ Play", "Next ▶"].map((text) => {
    const button = make("button", "button quiet", text);
    button.type = "button";
    return button;
  });
  const [first, back, play, next] = controls;
  play.hidden = still.matches;

  function show() {
    for (const [k, group] of buttons) group.classList.toggle("now", keys[step].k === k);
    line.bars.forEach((bar, n) => {
      bar.classList.toggle("now", n === step);
      bar.classList.toggle("later", n > step);
    });
    display.textContent = displayed[step] ?? "";
    display.hidden = displayed[step] === null || displayed[step] === undefined;
    words.textContent = said(keys, step, displayed);
    first.disabled = back.disabled = false;
    first.setAttribute("aria-disabled", String(step === 0));
    back.setAttribute("aria-disabled", String(step === 0));
    next.setAttribute("aria-disabled", String(step === keys.length - 1));
    const scroller = line.svg.parentElement;
    if (scroller) scroller.scrollLeft = line.at[step] - scroller.clientWidth / 2;
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    play.textContent = "▶ Play";
  }

  function go(to) {
    stop();
    step = Math.min(Math.max(to, 0), keys.length - 1);
    show();
  }

  function advance() {
    if (step >= keys.length - 1) {
      stop();
      return;
    }
    step += 1;
    show();
    if (step < keys.length - 1) timer = setTimeout(advance, Math.min(gapBefore(keys, step + 1), LONGEST_MS));
    else stop();
  }

  first.addEventListener("click", () => go(0));
  back.addEventListener("click", () => go(step - 1));
  next.addEventListener("click", () => go(step + 1));
  play.addEventListener("click", () => {
    if (timer) {
      stop();
      return;
    }
    step = 0;
    show();
    play.textContent = "❚❚ Pause";
    timer = setTimeout(advance, keys.length > 1 ? Math.min(gapBefore(keys, 1), LONGEST_MS) : 0);
  });
  still.addEventListener("change", () => {
    stop();
    play.hidden = still.matches;
  });

  const scroll = make("div", "scroll", line.svg);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Timing of the keys");
  const player = make(
    "div",
    "player",
    make("div", "keypad-place", svg, make("p", "soft small", keypad.known ? keypad.title : `${keypad.title}: the keypad of this pump is not known`)),
    make("div", "player-side", make("p", "", make("span", "soft small", "display "), display), words, make("div", "buttons", ...controls), scroll),
  );
  player.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(to);
  });
  show();
  return player;
}
