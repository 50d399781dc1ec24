// The list of open alerts: firing first, then acknowledged, then those in maintenance; worst and newest first in each.

import { act } from "./actions.js";
import { announce } from "./announce.js";
import { newRow, sentence, show, showActions } from "./row.js";

const RANK = { critical: 3, warning: 2, info: 1 };
const GONE_AFTER_MS = 1600;
const LATE_AFTER_MS = 15000;
// A press this soon after the row under the pointer moved was meant for another row. Where nothing can tell what
// a finger is about to touch, every move of the list counts.
const JUST_MOVED_MS = 450;
const POINTS = matchMedia("(hover: hover)");
const SAID_FOR_MS = 4000;

/** Where an alert belongs; a resolved one belongs nowhere. */
function listOf({ state, maintenance }) {
  if (state === "resolved") return undefined;
  return maintenance ? "held" : state;
}

/** How urgent an alert is; one in maintenance calls nobody. */
function rank({ severity, maintenance }) {
  return maintenance ? 0 : RANK[severity];
}

export class AlertList {
  constructor({ firing, acknowledged, held, admits, changed }) {
    this.lists = { firing, acknowledged, held };
    this.admits = admits;
    this.changed = changed;
    this.entries = new Map(); // fingerprint → {view, row, doing}
    this.limit = Infinity;
    this.loaded = false;
    this.movedAt = -Infinity;
    this.moves = 0;
    for (const list of Object.values(this.lists)) {
      list.addEventListener("click", (event) => this.#clicked(event));
      list.addEventListener("keydown", (event) => this.#pressed(event));
      list.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#act(this.#entryOf(event.target), "comment");
      });
    }
  }

  /** How many alerts are open here. */
  get size() {
    return [...this.entries.values()].filter((entry) => entry.view.alert.state !== "resolved").length;
  }

  /** How many are in a list: firing, acknowledged or held. */
  count(list) {
    return [...this.entries.values()].filter((entry) => listOf(entry.view.alert) === list).length;
  }

  /** How many are open here by severity; what a maintenance window holds is counted by none. */
  get bySeverity() {
    const open = { critical: 0, warning: 0, info: 0 };
    for (const { view } of this.entries.values()) if (["firing", "acknowledged"].includes(listOf(view.alert))) open[view.alert.severity] += 1;
    return open;
  }

  /** Show exactly these alerts. */
  replace(views, limit) {
    this.limit = limit;
    const open = new Set(views.map((view) => view.alert.fingerprint));
    for (const fingerprint of [...this.entries.keys()]) if (!open.has(fingerprint)) this.#remove(fingerprint);
    for (const view of views) {
      // What came while the screen was cut off is as new as if it had come live.
      const isNew = this.loaded && !this.entries.has(view.alert.fingerprint);
      this.#put(view, isNew);
      if (isNew) this.#announce(view);
    }
    this.loaded = true;
    this.#arrange();
  }

  /** Show one change. */
  apply(view) {
    const known = this.entries.get(view.alert.fingerprint);
    if (known && known.view.alert.revision >= view.alert.revision) return;
    const open = view.alert.state !== "resolved";
    if (!known && !(open && this.admits(view))) return;
    if (known && open && !this.admits(view)) {
      this.#watched(() => this.#remove(view.alert.fingerprint));
      this.changed(this);
      return;
    }
    const worse = known && view.alert.state === "firing" && rank(view.alert) > rank(known.view.alert);
    this.#put(view, !known);
    if (!open) {
      known.row.classList.add("gone");
      setTimeout(() => this.#removeIfResolved(view.alert.fingerprint), GONE_AFTER_MS);
    }
    if (!known || worse) this.#announce(view);
    this.#arrange();
  }

  /** Drop what is not admitted any more; what comes next is not new, it was only not shown. */
  narrow() {
    for (const [fingerprint, { view }] of [...this.entries]) if (!this.admits(view)) this.#remove(fingerprint);
    this.loaded = false;
    this.changed(this);
  }

  #announce(view) {
    if (listOf(view.alert) === "firing") announce(sentence(view), view.alert.severity === "critical");
  }

  #put(view, isNew) {
    const { fingerprint } = view.alert;
    let entry = this.entries.get(fingerprint);
    if (!entry) {
      entry = { row: newRow() };
      this.entries.set(fingerprint, entry);
      if (isNew) entry.row.classList.add("new");
    } else if (entry.view.alert.revision > view.alert.revision) {
      return;
    }
    const done = entry.doing && view.alert.revision > entry.doing.revision && (entry.doing.action === "comment" || view.alert.state !== "firing");
    if (done) this.#done(entry);
    entry.view = view;
    entry.row.classList.toggle("gone", view.alert.state === "resolved");
    show(entry.row, view);
    showActions(entry.row, view.alert, entry.doing?.shown);
  }

  #arrange() {
    const focused = document.activeElement;
    this.#watched(() => this.#rearrange());
    this.changed(this);
    // A row that was moved lost the focus; it gets it back once it is visible where it is now.
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }

  /** Make a change, and note when it moved the row that somebody may be about to press. */
  #watched(change) {
    const under = POINTS.matches ? document.querySelector(".alert:hover") : null;
    const top = under?.getBoundingClientRect().top;
    const before = this.moves;
    change();
    const moved = POINTS.matches ? under && (!under.isConnected || under.getBoundingClientRect().top !== top) : this.moves !== before;
    if (moved) this.movedAt = performance.now();
  }

  #rearrange() {
    const order = [...this.entries.values()].sort((a, b) => {
      const [one, other] = [a.view.alert, b.view.alert];
      return rank(other) - rank(one) || RANK[other.severity] - RANK[one.severity] || Date.parse(other.since) - Date.parse(one.since) || (one.fingerprint < other.fingerprint ? -1 : 1);
    });
    while (order.length > this.limit) {
      const last = order.pop();
      this.#remove(last.view.alert.fingerprint);
    }
    const places = { firing: [], acknowledged: [], held: [] };
    for (const entry of order) {
      // A resolved one fades where it stands.
      const stood = Object.keys(places).find((name) => this.lists[name] === entry.row.parentElement) ?? "firing";
      places[listOf(entry.view.alert) ?? stood].push(entry.row);
    }
    for (const [name, rows] of Object.entries(places)) this.#place(this.lists[name], rows);
  }

  #place(list, rows) {
    rows.forEach((row, index) => {
      const there = list.children[index];
      if (there === row) return;
      list.insertBefore(row, there ?? null);
      if (there) this.moves += 1;
    });
  }

  #remove(fingerprint) {
    const { row } = this.entries.get(fingerprint);
    this.entries.delete(fingerprint);
    if (row.contains(document.activeElement)) {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      (next?.querySelector(".unfold") ?? document.getElementById("alerts")).focus({ preventScroll: true });
    }
    if (row.nextElementSibling) this.moves += 1;
    row.remove();
  }

  #removeIfResolved(fingerprint) {
    if (this.entries.get(fingerprint)?.view.alert.state !== "resolved") return;
    this.#watched(() => this.#remove(fingerprint));
    this.changed(this);
  }

  #entryOf(element) {
    return this.entries.get(element.closest(".alert")?.dataset.fingerprint);
  }

  #clicked(event) {
    const entry = this.#entryOf(event.target);
    if (!entry) return;
    const button = event.target.closest("button[type=button][data-action]");
    const byPointer = event.detail > 0;
    if (byPointer && performance.now() - this.movedAt < JUST_MOVED_MS) {
      if (button) this.#say(entry, "The list moved just now. Press again.");
      if (event.target.closest("a")) event.preventDefault();
      return;
    }
    if (event.target.closest("a")) return;
    if (button) this.#act(entry, button.dataset.action);
    else if (event.target.closest(".line") && !getSelection().toString()) this.#unfold(entry.row);
  }

  #unfold(row) {
    const details = row.querySelector(".details");
    details.hidden = !details.hidden;
    row.querySelector(".unfold").setAttribute("aria-expanded", String(!details.hidden));
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...document.querySelectorAll(".alert")];
    const from = event.target.closest(".alert");
    const target = rows[rows.indexOf(from) + step];
    if (!target) return;
    event.preventDefault();
    target.querySelector(event.target.matches(".act") ? ".act" : ".unfold").focus();
  }

  #say(entry, text) {
    const { trouble } = entry.row.parts;
    trouble.textContent = text;
    setTimeout(() => {
      if (trouble.textContent === text) trouble.textContent = "";
    }, SAID_FOR_MS);
  }

  async #act(entry, action) {
    const { alert } = entry.view;
    if (entry.doing || alert.state === "resolved") return;
    const { trouble, comment } = entry.row.parts;
    const said = comment.value.trim();
    if (action === "comment" && !said) {
      comment.focus();
      return;
    }
    trouble.textContent = "";
    entry.doing = { action, shown: action, revision: alert.revision };
    showActions(entry.row, alert, action);
    const { doing } = entry;
    try {
      await act(alert.fingerprint, action, said);
      comment.value = "";
    } catch (error) {
      if (entry.doing === doing) this.#done(entry);
      showActions(entry.row, entry.view.alert);
      trouble.textContent = error.message;
      return;
    }
    // The action is recorded; the list changes when the stream has applied it.
    doing.late = setTimeout(() => {
      if (entry.doing !== doing) return;
      doing.shown = "late";
      showActions(entry.row, entry.view.alert, "late");
    }, LATE_AFTER_MS);
  }

  #done(entry) {
    clearTimeout(entry.doing?.late);
    entry.doing = undefined;
    entry.row.parts.trouble.textContent = "";
  }
}
