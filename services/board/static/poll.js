// Ask again and again while somebody looks, and say so where it fails.

const LATE_MS = 20_000;

/**
 * Fetch `url()` every `everyMs` while the page is seen; `show` takes the answer and may return in how many ms to ask
 * again. `quiet` leaves it to the page to say what fails. Returns what asks at once.
 */
export function poll(url, everyMs, show, { quiet = false } = {}) {
  const problems = document.getElementById("problems");
  let timer = 0;
  let asked = 0;

  function tell(problem) {
    if (quiet || problems.textContent === problem) return;
    const line = document.createElement("p");
    line.textContent = problem;
    problems.replaceChildren(...(problem ? [line] : []));
  }

  async function ask() {
    clearTimeout(timer);
    const mine = ++asked;
    let again = everyMs;
    try {
      const answer = await fetch(url(), { signal: AbortSignal.timeout(LATE_MS) });
      if (mine !== asked) return; // something else was asked for meanwhile
      if (answer.status === 401) location.reload(); // to the login page, and back here from there
      const said = await answer.json();
      if (mine !== asked) return;
      if (answer.ok) again = show(said) ?? everyMs;
      tell(answer.ok ? "" : `${said.error} This page asks again by itself.`);
    } catch {
      if (mine !== asked) return;
      tell("The board does not answer. What you see may be old; this page asks again by itself.");
    }
    if (!document.hidden) timer = setTimeout(ask, again);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) ask();
  });
  ask();
  return ask;
}
