// Waits for events, with deadlines that are long enough for a busy machine.

/** Milliseconds until a test fails. */
export const PATIENCE = 30_000;
/** Milliseconds between two checks. */
const PAUSE = 50;

/**
 * Checks again and again until a condition holds, and returns the condition's value.
 *
 * @param {string} what - For the message: "agent 1 rings".
 * @param {() => Promise<any>} look - Reads the value.
 * @param {(seen: any) => any} holds - The condition; a truthy value is returned.
 * @param {number} [within] - Milliseconds.
 */
export async function until(what, look, holds, within = PATIENCE) {
  const deadline = Date.now() + within;
  for (;;) {
    const seen = await look();
    const held = holds(seen);
    if (held) return held;
    if (Date.now() > deadline) {
      const shown = JSON.stringify(seen, null, 2) ?? String(seen);
      throw new Error(`not within ${within / 1000} s: ${what}\nlast seen: ${shown}`);
    }
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}
