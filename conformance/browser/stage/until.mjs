// Waiting: for events, with deadlines that a busy machine keeps too.

/** Milliseconds that anything may take before a test fails. */
export const PATIENCE = 30_000;
/** Milliseconds between two looks. */
const PAUSE = 50;

/**
 * Looks until what is seen is as it should be, and hands back what the condition said.
 *
 * @param {string} what - For the message: "agent 1 rings".
 * @param {() => Promise<any>} look - Sees something.
 * @param {(seen: any) => any} holds - Whether that is it; anything truthy is handed back.
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
