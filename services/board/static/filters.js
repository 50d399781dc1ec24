// What the list is narrowed to: it stands in the address, so that a link opens the same view again.

const FIELDS = ["severity", "kind", "care_area", "drug", "state", "test"];
const WIDE = matchMedia("(min-width: 861px)");
const number = new Intl.NumberFormat("en-US");

export class Filters {
  /** `form` holds a select for each field but severity, `severities` the buttons that are pressed for it. */
  constructor({ form, severities, clear, fold, changed }) {
    this.form = form;
    this.severities = severities;
    this.clear = clear;
    this.fold = fold;
    this.values = new Map(); // field → the value that alerts must have, of severities with commas between
    form.addEventListener("change", (event) => this.#set(event.target.name, event.target.value, changed));
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const button of severities) {
      button.addEventListener("click", () => this.#set("severity", this.#pressed(button.dataset.severity), changed));
    }
    clear.addEventListener("click", () => {
      this.values.clear();
      this.#show();
      changed();
      severities[0].focus();
    });
    WIDE.addEventListener("change", () => this.#unfold());
  }

  /** How many are set. */
  get size() {
    return this.values.size;
  }

  /** Take over what an address says. */
  read(query) {
    this.values = new Map(FIELDS.filter((field) => query.get(field)).map((field) => [field, query.get(field)]));
    this.#show();
    this.#unfold();
  }

  /** Whether an alert belongs to the list; the board decides the same way of what it sends. */
  admits({ alert }) {
    const { subject } = alert;
    const has = {
      severity: [alert.severity],
      kind: [alert.kind],
      care_area: [alert.care_area],
      drug: subject.drug ? [subject.drug] : (subject.drugs ?? []),
      state: [alert.state],
      test: [String(alert.test)],
    };
    // Names may hold commas.
    const fits = ([field, value]) => (field === "severity" ? value.split(",") : [value]).some((each) => has[field].includes(each));
    return [...this.values].every(fits);
  }

  /** Offer these choices, with the number of open alerts beside each. */
  offer(choices) {
    for (const select of this.#selects()) {
      const offered = choices[select.name].map(({ value, name, count }) => [value, `${name[0].toUpperCase()}${name.slice(1)} (${number.format(count)})`]);
      const chosen = this.values.get(select.name);
      if (chosen && !offered.some(([value]) => value === chosen)) offered.push([chosen, `${chosen} (0)`]);
      const known = [...select.options].slice(1).map((option) => option.value);
      if (JSON.stringify(known) === JSON.stringify(offered.map(([value]) => value))) {
        offered.forEach(([, text], index) => (select.options[index + 1].text = text));
      } else if (select !== document.activeElement) {
        select.replaceChildren(select.options[0], ...offered.map(([value, text]) => new Option(text, value)));
        select.value = chosen ?? "";
      }
    }
  }

  #selects() {
    return this.form.querySelectorAll("select");
  }

  #pressed(severity) {
    const before = (this.values.get("severity") ?? "").split(",").filter(Boolean);
    return (before.includes(severity) ? before.filter((each) => each !== severity) : [...before, severity]).join(",");
  }

  #set(field, value, changed) {
    if (value) this.values.set(field, value);
    else this.values.delete(field);
    this.#show();
    changed();
  }

  #show() {
    const pressed = (this.values.get("severity") ?? "").split(",");
    for (const button of this.severities) button.setAttribute("aria-pressed", String(pressed.includes(button.dataset.severity)));
    for (const select of this.#selects()) {
      const value = this.values.get(select.name) ?? "";
      if (![...select.options].some((option) => option.value === value)) select.append(new Option(value, value));
      select.value = value;
      select.classList.toggle("set", Boolean(value));
    }
    this.clear.hidden = !this.size;
  }

  #unfold() {
    this.fold.open = WIDE.matches || this.size > 0;
  }
}
