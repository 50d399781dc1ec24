// Says new alerts to those who listen instead of looking: at once when critical, together when many.

const EVERY_MS = 2500;
const waiting = [];
let next = 0;

function speak() {
  next = 0;
  const batch = waiting.splice(0);
  if (!batch.length) return;
  const critical = batch.filter((each) => each.urgent);
  const text = batch.length === 1 ? batch[0].text : `${batch.length} new alerts, ${critical.length} critical. ${(critical[0] ?? batch[0]).text}`;
  const place = document.getElementById(critical.length ? "said-urgently" : "said");
  place.textContent = text;
  next = setTimeout(speak, EVERY_MS);
}

/** Say one sentence. */
export function announce(text, urgent = false) {
  waiting.push({ text, urgent });
  if (!next) next = setTimeout(speak, 150);
}
