import { isIncoming } from "./line.js";

/** @typedef {import("./line.js").Line} Line */

/**
 * A call as it is stored for the page that is loaded next.
 *
 * @typedef {object} Kept
 * @property {Line} line
 * @property {string} connectToken the SDK's; it is valid as long as the gateway keeps the leg
 * @property {number} at when it was stored, in milliseconds
 */

/** A ring is over after this, whatever happened to it. */
const RINGING = 60_000;

/** How long Twilio keeps the leg of a page that is gone (`maxCallSignalingTimeoutMs`). */
const RECONNECT = 30_000;

/**
 * Whether a call is recent enough to be resumed.
 *
 * @param {Kept} kept
 * @param {number} now
 */
export function isFresh(kept, now) {
  const age = now - kept.at;
  return age >= 0 && age < (kept.line.state === "ringing" ? RINGING : RECONNECT);
}

/**
 * What survives a reload: the calls of one agent that have a `connectToken`, with which the SDK takes
 * a call over. They are stored in the browser, for every tab of the same origin.
 */
export class Reload {
  /** @type {string} */
  #key;
  /** The SDK's tokens, by the id of the line. @type {Map<string, string>} */
  #tokens = new Map();

  /** @param {string} name of the workspace and the agent */
  constructor(name) {
    this.#key = `switchroom:calls:${name}`;
  }

  /**
   * The lines that an earlier page left behind. A ring can still be answered; everything else is
   * `reconnecting`.
   *
   * @param {number} now
   * @returns {Line[]}
   */
  restore(now) {
    return this.#read(now).map(({ line, connectToken }) => {
      this.#tokens.set(line.id, connectToken);
      return isIncoming(line) ? line : { ...line, state: "reconnecting" };
    });
  }

  /**
   * Keeps the token with which a line can be resumed. An outbound call has none before it is answered.
   *
   * @param {string} id
   * @param {string | undefined} connectToken
   */
  remember(id, connectToken) {
    if (connectToken) this.#tokens.set(id, connectToken);
  }

  /** The token of a line. @param {string} id */
  tokenOf(id) {
    return this.#tokens.get(id) ?? null;
  }

  /** The line is over. @param {string} id */
  forget(id) {
    this.#tokens.delete(id);
  }

  /** Whether the next page could resume one of these lines. @param {Line[]} lines */
  canResume(lines) {
    return lines.some(({ id }) => this.#tokens.has(id));
  }

  /**
   * Stores the lines that can be resumed; no line clears the store.
   *
   * @param {Line[]} lines
   * @param {number} now
   */
  write(lines, now) {
    const kept = lines.flatMap((line) => {
      const connectToken = this.tokenOf(line.id);
      return connectToken ? [{ line, connectToken, at: now }] : [];
    });
    try {
      if (kept.length > 0) localStorage.setItem(this.#key, JSON.stringify(kept));
      else localStorage.removeItem(this.#key);
    } catch {
      // A browser that stores nothing loses its calls on a reload, as it does on any page.
    }
  }

  /**
   * The stored calls that are fresh; none if something else is stored, because the key is the origin's
   * and not only ours.
   *
   * @param {number} now
   * @returns {Kept[]}
   */
  #read(now) {
    try {
      const stored = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return stored.filter((/** @type {Kept} */ kept) => isFresh(kept, now));
    } catch {
      return [];
    }
  }
}
