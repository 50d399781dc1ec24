// A short tone of two notes, made here: nothing is fetched, and it does not sound like a pump's alarm.

const NOTES_HZ = [659, 880];
const NOTE_S = 0.16;
const VOLUME = { first: 0.22, again: 0.08 };

let audio = null;

/** Whether the browser lets the page sound; it asks for a click or a key first. */
export function audible() {
  return audio?.state === "running";
}

/** Make the page able to sound. Call it from a click or a key; until one came, browsers keep a page silent. */
export async function wake() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await audio.resume();
}

/** Sound once, softer when it is said `again`. */
export function sound(again = false) {
  if (!audible()) return;
  NOTES_HZ.forEach((frequency, index) => {
    const begin = audio.currentTime + index * NOTE_S;
    const note = new OscillatorNode(audio, { type: "sine", frequency });
    const volume = new GainNode(audio, { gain: 0 });
    // Rising and falling gradually, because a tone that is cut off clicks.
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(again ? VOLUME.again : VOLUME.first, begin + 0.02);
    volume.gain.linearRampToValueAtTime(0, begin + NOTE_S);
    note.connect(volume).connect(audio.destination);
    note.start(begin);
    note.stop(begin + NOTE_S);
  });
}
