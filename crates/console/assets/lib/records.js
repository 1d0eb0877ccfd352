import { sleep } from "./backoff.js";

/** @typedef {import("./team.js").Call} Call */

/**
 * The records of calls that agents place. A record can be waited for; it may have arrived before, or it
 * arrives later.
 */
export class Records {
  /** The newest record of each call, by its Sid. @type {Map<string, Call>} */
  #known = new Map();
  /** @type {Set<(call: Call) => void>} */
  #waiting = new Set();
  #fetch;

  /** @param {(callSid: string) => Promise<Call>} fetch asks the server for a record */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /**
   * The server has sent a record.
   *
   * @param {Call} call
   */
  add(call) {
    if (call.direction !== "outbound") return;
    this.#known.delete(call.call_sid);
    this.#known.set(call.call_sid, call);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(oldest);
    }
    for (const hear of [...this.#waiting]) hear(call);
  }

  /**
   * The first record of a call that fits. If none comes in time, the server is asked once.
   *
   * @param {string} callSid
   * @param {(call: Call) => boolean} fits
   * @param {number} patience milliseconds, before the server is asked
   * @returns {Promise<Call | null>} `null` if that record does not fit either
   */
  async find(callSid, fits, patience) {
    const sent = await this.first(callSid, fits, sleep(patience));
    if (sent) return sent;
    const fetched = await this.#fetch(callSid).catch(() => null);
    return fetched && fits(fetched) ? fetched : null;
  }

  /**
   * The first record of a call that fits; `null` if none comes in time.
   *
   * @param {string} callSid
   * @param {(call: Call) => boolean} fits
   * @param {Promise<unknown>} patience
   * @returns {Promise<Call | null>}
   */
  async first(callSid, fits, patience) {
    const known = this.#known.get(callSid);
    if (known && fits(known)) return known;
    /** @type {(call: Call) => void} */
    let hear = () => {};
    /** @type {Promise<Call>} */
    const joined = new Promise((done) => {
      hear = (call) => call.call_sid === callSid && fits(call) && done(call);
    });
    this.#waiting.add(hear);
    const call = await Promise.race([joined, patience.then(() => null)]);
    this.#waiting.delete(hear);
    return call;
  }
}

/** The most records that are kept: most are never asked for. */
const MOST = 50;
