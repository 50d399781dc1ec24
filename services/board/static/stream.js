// The live stream: resumes where it stopped, and comes back by itself from whatever ended it.

const QUIET_MS = 9000; // the board sends its status every two seconds
const RETRY_MS = 2000;

/** Follow the alerts that a query asks for. `on` takes snapshot, alert, status and connection. Returns a stop. */
export function follow(asked, on) {
  let source = null;
  let last = "";
  let heard = Date.now();
  let retry = 0;
  let stopped = false;

  function connect() {
    clearTimeout(retry);
    source?.close();
    heard = Date.now();
    const query = new URLSearchParams(asked);
    if (last) query.set("after", last);
    source = new EventSource(`/api/stream?${query}`);
    for (const name of ["snapshot", "alert", "status"]) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        last = event.lastEventId || last;
        on.connection(true);
        on[name](JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      on.connection(false);
      // The browser tries again by itself after a break, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) comeBack();
    };
  }

  async function comeBack() {
    source?.close();
    clearTimeout(retry);
    try {
      const answer = await fetch("/api/session");
      if (answer.status === 401 && !stopped) {
        location.reload(); // to the login page, and back here from there
        return;
      }
    } catch {
      // The board itself is away.
    }
    if (!stopped) retry = setTimeout(connect, RETRY_MS);
  }

  const watch = setInterval(() => {
    if (Date.now() - heard > QUIET_MS) {
      on.connection(false);
      heard = Date.now();
      comeBack();
    }
  }, 1000);

  connect();
  return () => {
    stopped = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}
