// The page of accounts: read once and on demand, because every look is taken down.

import { fill, make, row } from "./elements.js";

const SOON_MS = 14 * 24 * 3600 * 1000;
const WHAT = {
  login: "logged in",
  login_refused: "login refused",
  logout: "logged out",
  token_refused: "API token refused",
  alert_action: "acted on an alert",
  maintenance: "maintenance",
  account_changed: "accounts changed",
  accounts_read: "looked at the accounts",
};
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const $ = (id) => document.getElementById(id);

function time(text, format = day) {
  const made = make("time", "", format.format(new Date(text)));
  made.dateTime = text;
  return made;
}

function hospitals(names) {
  return names === "all" ? "all" : names.join(", ");
}

function accountRow({ user, role, hospitals: of, created, disabled }) {
  const state = disabled ? make("span", "off", "disabled") : "active";
  return row(user, role, hospitals(of), state, created ? time(created) : "from the settings");
}

function tokenRow({ name, role, hospitals: of, created, expires, expired }, now) {
  const soon = !expired && new Date(expires) - now < SOON_MS;
  const end = expired
    ? make("span", "off", "expired ", time(expires))
    : make("span", soon ? "soon" : "", time(expires), soon ? " (soon)" : "");
  return row(name, role, hospitals(of), end, time(created));
}

function who({ by, kind }) {
  return by ?? (kind === "account_changed" ? "the account file" : "somebody unknown");
}

function what({ kind, via, detail, known_account: known }) {
  const more = [via, detail, known === true ? "there is such an account" : known === false ? "there is no such account" : null];
  return [WHAT[kind] ?? kind, ...more.filter(Boolean)].join(" · ");
}

function eventRow(event) {
  const subject = make("td", "subject", event.subject ?? "");
  const line = row(time(event.at, moment), who(event), make("td", "what", what(event)), subject, event.hospital === "*" ? "" : event.hospital);
  line.append(make("td", "", event.address ?? ""));
  return line;
}

function show(said) {
  const now = new Date(said.now);
  fill($("accounts"), JSON.stringify(said.accounts), ...said.accounts.map(accountRow));
  fill($("tokens"), JSON.stringify([said.tokens, said.now]), ...said.tokens.map((each) => tokenRow(each, now)));
  fill($("groups"), JSON.stringify(said.groups), ...said.groups.map(({ group, role, hospitals: of }) => row(group, role, hospitals(of))));
  fill($("audit"), JSON.stringify(said.audit), ...said.audit.map(eventRow));
  $("no-accounts").hidden = said.accounts.length > 0;
  $("no-tokens").hidden = said.tokens.length > 0;
  $("groups-panel").hidden = !said.groups.length;
  const trouble = [
    said.waiting ? `${said.waiting} not in Kafka yet` : "",
    said.lost ? `${said.lost} lost since the board started, because too many waited for Kafka` : "",
  ].filter(Boolean);
  $("audit-state").textContent = trouble.length ? `Events: ${trouble.join("; ")}.` : "All of the last year stands in the topic pump.audit.v1.";
  $("main").ariaBusy = "false";
}

function tell(problem) {
  $("problems").replaceChildren(...(problem ? [make("p", "", problem)] : []));
}

async function read() {
  try {
    const answer = await fetch("/api/accounts");
    if (answer.status === 401) location.reload();
    const said = await answer.json();
    if (answer.ok) show(said);
    tell(answer.ok ? "" : said.error);
  } catch {
    tell("The board does not answer. Read again in a moment.");
  }
}

$("again").addEventListener("click", read);
read();
