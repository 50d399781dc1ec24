// Calls for new critical alerts, for those who ask for it: a notification of the browser, and a tone that is repeated
// softly until somebody has acknowledged the alert or this browser was muted.

import { at, clock } from "./clock.js";
import { sentence } from "./row.js";
import { audible, sound, wake } from "./tone.js";

const REPEAT_MS = 30000;
const $ = (id) => document.getElementById(id);

function kept(name) {
  return localStorage.getItem(name) ?? "";
}

function keep(name, value) {
  if (value) localStorage.setItem(name, value);
  else localStorage.removeItem(name);
}

/** Whether an alert is one to call for. */
function calling({ alert }) {
  return alert.severity === "critical" && alert.state === "firing" && !alert.maintenance && (!alert.test || kept("call-test") === "on");
}

export class Calls {
  constructor() {
    this.known = new Set(); // fingerprints that were there before, or were called for
    this.unanswered = new Map(); // fingerprint → its notification, or null where the browser shows none
    this.refused = ""; // why the browser shows no notification
    $("call-on").addEventListener("change", (event) => this.#switch(event.target.checked));
    $("call-test").addEventListener("change", (event) => keep("call-test", event.target.checked ? "on" : ""));
    $("mute").addEventListener("click", () => {
      const until = this.#muted() ? 0 : clock() + Number($("mute").dataset.minutes) * 60000;
      keep("muted-until", until ? String(until) : "");
      this.#show();
    });
    // Another tab may have switched or muted.
    addEventListener("storage", () => this.#show());
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#on() && !audible() && wake().then(() => this.#show()));
    setInterval(() => {
      this.#show();
      if (this.#on() && this.unanswered.size && !this.#muted()) sound(true);
    }, REPEAT_MS);
    if (this.#on()) wake().then(() => this.#show());
    this.#show();
  }

  /** These stand already, and these too, which a filter hides: nobody is called for them now, or for what ended. */
  standing(views, hidden) {
    this.known = new Set([...views.filter(calling).map((view) => view.alert.fingerprint), ...hidden]);
    for (const fingerprint of [...this.unanswered.keys()]) if (!this.known.has(fingerprint)) this.#answered(fingerprint);
  }

  /** An alert changed. */
  change(view) {
    const { fingerprint } = view.alert;
    if (!calling(view)) {
      this.known.delete(fingerprint);
      this.#answered(fingerprint);
    } else if (!this.known.has(fingerprint)) {
      this.known.add(fingerprint);
      if (this.#on()) this.#call(view);
    }
  }

  #call(view) {
    const { fingerprint } = view.alert;
    this.unanswered.set(fingerprint, this.#notification(view));
    if (!this.#muted()) sound();
    this.#show();
  }

  #notification(view) {
    if (!("Notification" in window) || Notification.permission !== "granted") return null;
    const { alert, words } = view;
    try {
      const notification = new Notification(`${words.kind}: ${alert.pump ?? alert.key}`, {
        body: sentence(view),
        tag: alert.fingerprint, // of several tabs one shows it
        icon: "/static/mark.svg",
        requireInteraction: true,
        silent: true, // the tone is ours, and can be muted here
      });
      notification.onclick = () => {
        focus();
        document.querySelector(`.alert[data-fingerprint="${CSS.escape(alert.fingerprint)}"] .unfold`)?.focus();
        notification.close();
      };
      return notification;
    } catch {
      this.refused = "This browser shows no notifications of an open page.";
      return null;
    }
  }

  #answered(fingerprint) {
    this.unanswered.get(fingerprint)?.close();
    if (this.unanswered.delete(fingerprint)) this.#show();
  }

  async #switch(on) {
    keep("call", on ? "on" : "");
    keep("muted-until", "");
    this.#show();
    if (on) {
      const awake = wake().then(() => sound()); // so that one hears what it is like
      if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
      await awake;
    } else {
      for (const fingerprint of [...this.unanswered.keys()]) this.#answered(fingerprint);
    }
    this.#show();
  }

  #on() {
    return kept("call") === "on";
  }

  #muted() {
    return Number(kept("muted-until")) > clock();
  }

  #trouble() {
    if (!("Notification" in window)) return "This browser shows no notifications, or only over https. The tone sounds.";
    if (Notification.permission === "denied") return "The browser blocks notifications of this page; its settings can allow them. The tone sounds.";
    if (!audible()) return "The browser keeps the page silent until you click or press a key.";
    return this.refused;
  }

  #show() {
    const on = this.#on();
    const muted = on && this.#muted();
    const trouble = on ? this.#trouble() : "";
    $("calls").dataset.state = !on ? "off" : muted || trouble ? "held" : "on";
    $("calls-text").textContent = !on ? "Sound off" : muted ? `Muted until ${at(Number(kept("muted-until")))}` : !audible() ? "Click for sound" : "Sound on";
    $("call-on").checked = on;
    $("call-test").checked = kept("call-test") === "on";
    $("mute").hidden = !on;
    $("mute").textContent = muted ? "Sound again" : `Mute for ${$("mute").dataset.minutes} minutes`;
    $("calls-trouble").textContent = trouble;
  }
}
