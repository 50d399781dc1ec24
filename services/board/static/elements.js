// Elements of a page: everything from outside goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with a class and with text or other elements in it; null and "" are left out. */
export function make(tag, className, ...inside) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...inside.filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}

/** A link within the board. */
export function link(href, text, className = "") {
  const made = make("a", className, text);
  made.href = href;
  return made;
}

/** One of the shapes of the frame, for those who see. */
export function shape(name) {
  const made = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  made.setAttribute("class", `shape ${name}`);
  made.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#shape-${name}`);
  made.append(use);
  return made;
}

/** The path of a page from its parts. */
export function to(...parts) {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** A table row of cells; the first one names the row. */
export function row(name, ...cells) {
  const head = make("th", "", name);
  head.scope = "row";
  return make("tr", "", head, ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : make("td", "", cell))));
}

/** Replace what an element holds, unless it holds the same already: focus and selection stay. */
export function fill(element, key, ...inside) {
  if (element.filledWith === key) return;
  element.filledWith = key;
  element.replaceChildren(...inside.filter((each) => each !== null));
}
