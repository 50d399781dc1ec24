// The board: one stream feeds the list, the counts and the health.

import { AlertList } from "./alerts.js";
import { Calls } from "./calls.js";
import { at, clock, keepAges, setClock } from "./clock.js";
import { Filters } from "./filters.js";
import { chosenCounts, showOpen, showProblems, showStatus } from "./status.js";
import { follow } from "./stream.js";

const READ_AGAIN_MS = 60000;
const CHOICES_AFTER_MS = 3000;

const $ = (id) => document.getElementById(id);
let chosen = "";
let stop = () => {};
let connected = false;
let status = null;
let statusAt = 0;
let differing = 0; // how many statuses in a row counted other alerts than the list shows
let readAt = 0;
let testAlerts = false;
let askForChoices = 0;

const filters = new Filters({
  form: $("filters"),
  severities: document.querySelectorAll(".tile[data-severity]"),
  clear: $("clear"),
  fold: $("fold"),
  changed: () => {
    history.pushState(null, "", address());
    start();
  },
});

const alerts = new AlertList({
  firing: $("firing"),
  acknowledged: $("acknowledged"),
  held: $("held"),
  admits: (view) => (!chosen || view.alert.hospital === chosen) && filters.admits(view),
  changed: (list) => {
    const [firing, acknowledged, held] = ["firing", "acknowledged", "held"].map((name) => list.count(name));
    $("firing-count").textContent = firing || "";
    $("acknowledged-count").textContent = acknowledged || "";
    $("held-count").textContent = held || "";
    for (const name of ["acknowledged", "held"]) $(`${name}-group`).hidden = !list.lists[name].childElementCount;
    $("none-firing").hidden = list.lists.firing.childElementCount > 0 || $("alerts").ariaBusy === "true";
    testAlerts = [...list.entries.values()].some((entry) => entry.view.alert.test);
    document.title = firing ? `(${firing}) Pumpwatch` : "Pumpwatch";
    showBadge();
    showCounts();
    showNarrowed();
  },
});

const calls = new Calls();

/** What the list shows, as a query. */
function query() {
  return new URLSearchParams([...(chosen ? [["hospital", chosen]] : []), ...filters.values]);
}

function address() {
  return query().size ? `/?${query()}` : "/";
}

/** The list knows first what is open, unless it is narrowed or cut off at its limit. */
function showCounts() {
  if (alerts.loaded && !filters.size && alerts.size < alerts.limit) showOpen(alerts.bySeverity);
  else if (status?.fleet) showOpen(chosenCounts(status.fleet, chosen).open);
}

function showBadge() {
  $("simulated").hidden = !(testAlerts || (status?.fleet && chosenCounts(status.fleet, chosen).test));
}

function showConnection() {
  const redisDown = status && !status.redis;
  const trouble = !connected || redisDown || (status?.pipeline && !status.pipeline.ok);
  const problems = [];
  if (!connected) problems.push(`The board does not answer. What you see is from ${statusAt ? at(statusAt) : "before"}; it comes back by itself.`);
  if (connected && redisDown) problems.push("Redis does not answer, so nothing new can be shown. Alerts go on being recorded; this screen comes back by itself.");
  if (connected && !redisDown && status?.pipeline && !status.pipeline.ok) problems.push(`New alerts may be missing. ${status.pipeline.reason}`);
  if (statusAt || !connected) {
    $("connection").dataset.state = trouble ? "trouble" : "live";
    $("connection-text").textContent = !connected ? "Not connected" : redisDown ? "Redis is down" : trouble ? "Pipeline stands still" : "Live";
    showProblems(problems);
  }
}

function openInAll() {
  if (!status?.fleet) return null;
  const { open } = chosenCounts(status.fleet, chosen);
  return open.critical + open.warning + open.info + alerts.count("held");
}

function showNarrowed() {
  const all = openInAll();
  $("narrowed").hidden = !filters.size;
  $("narrowed-to").textContent = alerts.loaded ? `${alerts.size}${all === null ? "" : ` of ${all}`} open alerts fit the filters.` : "Looking…";
  $("none-firing-text").textContent = filters.size ? "Nothing that fits the filters is firing." : "Nothing is firing.";
}

function showMore(total, { open = 0, looked_at = open } = {}) {
  const said = [];
  if (total > alerts.size) said.push(`${alerts.size} of ${total} open alerts${filters.size ? " that fit" : ""} are shown, the worst and newest first.`);
  if (looked_at < open) said.push(`Only the ${looked_at} worst and newest of ${open} were looked through.`);
  $("more").hidden = !said.length;
  $("more").textContent = said.join(" ");
}

function snapshot(read) {
  setClock(read.now);
  readAt = clock();
  $("alerts").ariaBusy = "false";
  alerts.replace(read.alerts, read.limit);
  calls.standing(read.alerts, read.hidden);
  showMore(read.total, read);
  differing = 0;
}

async function readAgain() {
  const answer = await fetch(`/api/alerts?${query()}`).catch(() => null);
  if (answer?.ok) snapshot(await answer.json());
}

/** Should the list ever differ from what is counted, it is read again; what is counted knows nothing of filters. */
function compare() {
  if (!status.redis) return;
  if (filters.size) {
    if (clock() - readAt > READ_AGAIN_MS) readAgain();
    return;
  }
  const total = openInAll();
  showMore(total);
  differing = alerts.size === Math.min(total, alerts.limit) ? 0 : differing + 1;
  if (differing >= 3) {
    differing = 0;
    readAgain();
  }
}

/** Count the choices of the filters anew, a while after something changed. */
function countChoices(after = CHOICES_AFTER_MS) {
  askForChoices ||= setTimeout(async () => {
    const asked = chosen;
    const answer = await fetch(`/api/choices?${new URLSearchParams(asked ? { hospital: asked } : {})}`).catch(() => null);
    if (answer?.ok && asked === chosen) filters.offer(await answer.json());
    askForChoices = 0;
  }, after);
}

function start() {
  stop();
  $("alerts").ariaBusy = "true";
  alerts.narrow();
  countChoices(0);
  stop = follow(query(), {
    snapshot,
    alert: (view) => {
      differing = 0;
      alerts.apply(view);
      calls.change(view);
      countChoices();
    },
    status: (now) => {
      status = now;
      statusAt = clock();
      setClock(now.now);
      showStatus(now, chosen);
      showCounts();
      showNarrowed();
      showConnection();
      showBadge();
      if ($("alerts").ariaBusy === "false") compare();
    },
    connection: (up) => {
      if (up === connected && statusAt) return;
      connected = up;
      showConnection();
    },
  });
}

function choose(hospital) {
  if (hospital === chosen) return;
  chosen = hospital;
  history.pushState(null, "", address());
  if (status) showStatus(status, chosen);
  start();
}

/** Show what the address says. */
function showAddress() {
  const asked = new URLSearchParams(location.search);
  chosen = asked.get("hospital") ?? "";
  filters.read(asked);
  if (status) showStatus(status, chosen);
  start();
}

$("hospital").addEventListener("change", (event) => choose(event.target.value));
$("hospitals").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-hospital]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.hospital === chosen ? "" : link.dataset.hospital);
});
addEventListener("popstate", () => {
  if (address() !== location.pathname + location.search) showAddress(); // else a step within the page
});
// The server ends the stream of a session with the session; asking for it again would only be refused.
document.querySelector(".who").addEventListener("submit", () => stop());
addEventListener("pagehide", () => stop());
addEventListener("pageshow", (event) => {
  if (event.persisted) start();
});
keepAges($("alerts"));
showAddress();
