// The search: finds while one types; the address keeps what was searched for.

import { showAge } from "./clock.js";
import { link, make, shape, to } from "./elements.js";

const PAUSE_MS = 250;
const number = new Intl.NumberFormat("en-US");
const $ = (id) => document.getElementById(id);
const field = $("find");
let waiting = 0;
let asked = null; // the latest query; answers to others are late

function pump({ name, hospital }) {
  return make("li", "", link(to("pumps", name), name), make("span", "soft", hospital));
}

function hospital({ name }) {
  return make("li", "", link(`/?${new URLSearchParams({ hospital: name })}`, name));
}

function careArea({ name, hospital: of }) {
  return make("li", "", link(to("care-areas", of, name), name), make("span", "soft", of));
}

function drug({ name, also }) {
  return make("li", "", link(to("drugs", name), name), also ? make("span", "soft", `also ${also}`) : null);
}

function alert({ alert: found, words }) {
  const age = make("time");
  age.dateTime = found.since;
  showAge(age);
  const title = [words.kind, found.subject.drug].filter(Boolean).join(" · ");
  return make(
    "li",
    `${found.severity} wide`,
    make("span", "", shape(found.severity), make("span", "unseen", `${found.severity}: `), link(to("alerts", found.fingerprint), title)),
    make("span", "soft", [found.pump, found.care_area, found.hospital].filter(Boolean).join(" · "), " · ", age),
  );
}

function group(title, { total, found }, line) {
  if (!found.length) return null;
  const heading = make("h2", "", `${title} `, make("span", "number", number.format(total)));
  const list = make("ul", "", ...found.map(line));
  list.setAttribute("role", "list");
  const rest = total > found.length ? make("p", "soft", `${number.format(total - found.length)} more; type more of the name.`) : null;
  return make("section", "panel", heading, list, rest);
}

function show(findings) {
  const groups = [
    group("Pumps", findings.pumps, pump),
    group("Open alerts", findings.alerts, alert),
    group("Care areas", findings.care_areas, careArea),
    group("Drugs", findings.drugs, drug),
    group("Hospitals", findings.hospitals, hospital),
  ].filter(Boolean);
  $("findings").replaceChildren(...groups);
  const kinds = ["pumps", "alerts", "care_areas", "drugs", "hospitals"];
  const total = kinds.reduce((sum, kind) => sum + findings[kind].total, 0);
  $("told").textContent = !findings.query ? "" : total ? `${number.format(total)} found.` : `Nothing is called “${findings.query}” or says so.`;
}

async function search() {
  const query = field.value.trim();
  if (query === asked) return;
  asked = query;
  history.replaceState(null, "", query ? `/search?${new URLSearchParams({ q: query })}` : "/search");
  document.title = `${query ? `${query} · ` : ""}Search · Pumpwatch`;
  const answer = await fetch(`/api/search?${new URLSearchParams({ q: query })}`).catch(() => null);
  if (asked !== query) return;
  if (answer?.status === 401) location.reload();
  else if (answer?.ok) show(await answer.json());
  else {
    asked = null;
    $("findings").replaceChildren();
    $("told").textContent = "The board does not answer. Try again.";
  }
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, PAUSE_MS);
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  search();
});
search();
