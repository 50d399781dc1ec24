// The board: one stream feeds the list, the counts and the health.

import { AlertList } from "./alerts.js";
import { at, clock, keepAges, setClock } from "./clock.js";
import { chosenCounts, showOpen, showProblems, showStatus } from "./status.js";
import { follow } from "./stream.js";

const $ = (id) => document.getElementById(id);
let chosen = new URLSearchParams(location.search).get("hospital") ?? "";
let stop = () => {};
let connected = false;
let status = null;
let statusAt = 0;
let differing = 0; // how many statuses in a row counted other alerts than the list shows
let testAlerts = false;

const alerts = new AlertList({
  firing: $("firing"),
  acknowledged: $("acknowledged"),
  changed: (list) => {
    const [firing, acknowledged] = [list.count("firing"), list.count("acknowledged")];
    $("firing-count").textContent = firing || "";
    $("acknowledged-count").textContent = acknowledged || "";
    $("acknowledged-group").hidden = !list.lists.acknowledged.childElementCount;
    $("none-firing").hidden = list.lists.firing.childElementCount > 0 || $("alerts").ariaBusy === "true";
    testAlerts = [...list.entries.values()].some((entry) => entry.view.alert.test);
    document.title = firing ? `(${firing}) Pumpwatch` : "Pumpwatch";
    showBadge();
    showCounts();
  },
});

/** The list knows first what is open, unless it is cut off at its limit. */
function showCounts() {
  if (alerts.loaded && alerts.size < alerts.limit) showOpen(alerts.bySeverity);
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

function showMore(total) {
  const hidden = total - alerts.size;
  $("more").hidden = hidden <= 0;
  $("more").textContent = hidden > 0 ? `${alerts.size} of ${total} open alerts are shown, the worst and newest first.` : "";
}

function snapshot({ now, limit, total, alerts: views }) {
  setClock(now);
  $("alerts").ariaBusy = "false";
  alerts.replace(views, limit);
  showMore(total);
  differing = 0;
}

async function readAgain() {
  const query = new URLSearchParams(chosen ? { hospital: chosen } : {});
  const answer = await fetch(`/api/alerts?${query}`).catch(() => null);
  if (answer?.ok) snapshot(await answer.json());
}

function compare() {
  if (!status.redis) return;
  const { open } = chosenCounts(status.fleet, chosen);
  const total = open.critical + open.warning + open.info;
  showMore(total);
  differing = alerts.size === Math.min(total, alerts.limit) ? 0 : differing + 1;
  if (differing >= 3) {
    differing = 0;
    readAgain();
  }
}

function start() {
  stop();
  $("alerts").ariaBusy = "true";
  alerts.clear();
  stop = follow(chosen, {
    snapshot,
    alert: (view) => {
      differing = 0;
      alerts.apply(view);
    },
    status: (now) => {
      status = now;
      statusAt = clock();
      setClock(now.now);
      showStatus(now, chosen);
      showCounts();
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
  history.pushState(null, "", hospital ? `/?hospital=${encodeURIComponent(hospital)}` : "/");
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
  const asked = new URLSearchParams(location.search).get("hospital") ?? "";
  if (asked === chosen) return; // a step within the page
  chosen = asked;
  if (status) showStatus(status, chosen);
  start();
});
// The server ends the stream of a session with the session; asking for it again would only be refused.
document.querySelector(".who").addEventListener("submit", () => stop());
addEventListener("pagehide", () => stop());
addEventListener("pageshow", (event) => {
  if (event.persisted) start();
});
keepAges($("alerts"));
start();
