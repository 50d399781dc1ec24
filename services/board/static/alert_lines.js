// Alerts in short: what, where and since when, each a link to its story.

import { at } from "./clock.js";
import { link, make, shape, to } from "./elements.js";

const SEVERITIES = { critical: "Critical", warning: "Warning", info: "Info" };

/** One alert as a line of a list. */
function line({ alert, words }, withPump) {
  const name = make("span", "unseen", `${SEVERITIES[alert.severity]}: `);
  const about = link(to("alerts", alert.fingerprint), words.kind);
  const where = withPump && alert.pump ? make("span", "", " · ", link(to("pumps", alert.pump), alert.pump)) : null;
  const state = alert.state === "firing" ? "" : ` · ${alert.state}${alert.by ? ` by ${alert.by}` : ""}`;
  const held = alert.maintenance && alert.state !== "resolved" ? make("span", "chip", "in maintenance") : null;
  const when = make("time", "", at(alert.since));
  when.dateTime = alert.since;
  return make(
    "li",
    `short ${alert.severity} ${alert.state}`,
    make("p", "short-head", shape(alert.severity), name, about, where, alert.test ? make("span", "chip", "test") : null, held),
    make("p", "", alert.summary),
    make("p", "soft", "since ", when, state),
  );
}

/** A list of alerts, or a sentence where there is none. */
export function alertLines(views, none, withPump = false) {
  if (!views.length) return make("p", "soft", none);
  const list = make("ul", "shorts", ...views.map((view) => line(view, withPump)));
  list.setAttribute("role", "list");
  return list;
}
