/**
 * What is needed to take a call up again after the page was loaded anew.
 *
 * @typedef {object} Kept
 * @property {import("./line.js").Line} line
 * @property {string} connectToken the SDK's, good as long as the gateway keeps the leg
 * @property {number} at when it was kept, in milliseconds
 */

/** A ring is over after this, whatever happened to it. */
const RINGING = 60_000;

/** For so long Twilio keeps the leg of a page that is gone (`maxCallSignalingTimeoutMs`). */
export const RECONNECT = 30_000;

/**
 * Whether it is worth while to take a call up again.
 *
 * @param {Kept} kept
 * @param {number} now
 */
export function isFresh(kept, now) {
  const age = now - kept.at;
  return age >= 0 && age < (kept.line.state === "ringing" ? RINGING : RECONNECT);
}

/** Keeps the calls of one agent in the browser, for every tab of the same origin. */
export class Keep {
  /** @type {string} */
  #key;

  /** @param {string} name of the workspace and the agent */
  constructor(name) {
    this.#key = `switchroom:calls:${name}`;
  }

  /**
   * Writes what goes on now; nothing clears it.
   *
   * @param {Kept[]} kept
   */
  write(kept) {
    try {
      if (kept.length > 0) localStorage.setItem(this.#key, JSON.stringify(kept));
      else localStorage.removeItem(this.#key);
    } catch {
      // A browser that stores nothing loses a call on reload, as any page does.
    }
  }

  /**
   * Reads what went on when the page was left.
   *
   * @param {number} now
   * @returns {Kept[]}
   */
  read(now) {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return kept.filter((/** @type {Kept} */ one) => isFresh(one, now));
    } catch {
      return [];
    }
  }
}
