// Acknowledge, resolve and comment: an answer comes when Kafka has the action; the alert changes when the stream says so.

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Send an action on an alert, with a comment or "". Throws an Error with a sentence for the person. */
export async function act(fingerprint, action, comment) {
  let answer;
  try {
    answer = await fetch(`/api/alerts/${encodeURIComponent(fingerprint)}/actions`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: JSON.stringify(comment ? { action, comment } : { action }),
    });
  } catch {
    throw new Error("The board cannot be reached. Try again.");
  }
  if (answer.ok) return;
  if (answer.status === 401) location.reload();
  const refusal = await answer.json().catch(() => ({}));
  throw new Error(refusal.error ?? `The board answered ${answer.status}. Try again.`);
}
