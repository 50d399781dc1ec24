// Ages by the board's clock, so that a wall screen with a wrong clock shows right ages.

let ahead = 0;

/** Take over the board's clock: epoch ms. */
export function setClock(now) {
  ahead = now - Date.now();
}

/** The board's clock: epoch ms. */
export function clock() {
  return Date.now() + ahead;
}

/** A stretch of time in seconds, short: "45 s", "12 min", "3 h 05", "2 d". */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(s / 86400)} d`;
}

const ofDay = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const dayAndTime = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** When, as short as the day allows. */
export function at(when) {
  const date = new Date(when);
  return date.toDateString() === new Date(clock()).toDateString() ? ofDay.format(date) : dayAndTime.format(date);
}

/** The time of day of a moment. */
export function timeOfDay(when) {
  return ofDay.format(new Date(when));
}

/** Keep every `<time>` with a `dateTime` below `root` showing its age. */
export function keepAges(root) {
  const tick = () => {
    for (const time of root.querySelectorAll("time[datetime]")) showAge(time);
  };
  setInterval(tick, 1000);
}

/** Show the age of one `<time>`. */
export function showAge(time) {
  const text = span((clock() - Date.parse(time.dateTime)) / 1000);
  if (time.textContent !== text) time.textContent = text;
}
