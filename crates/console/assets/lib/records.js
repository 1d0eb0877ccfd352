/** @typedef {import("./team.js").Call} Call */

/**
 * What the server tells of calls that agents place, for who waits for it: it may come before the
 * question or after it.
 */
export class Records {
  /** The newest record of each call, by its Sid. @type {Map<string, Call>} */
  #told = new Map();
  /** @type {Set<(call: Call) => void>} */
  #waiting = new Set();

  /**
   * The server tells.
   *
   * @param {Call} call
   */
  tell(call) {
    if (call.direction !== "outbound") return;
    this.#told.delete(call.call_sid);
    this.#told.set(call.call_sid, call);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST) break;
      this.#told.delete(oldest);
    }
    for (const hear of [...this.#waiting]) hear(call);
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
    const told = this.#told.get(callSid);
    if (told && fits(told)) return told;
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

/** Of calls that nobody asks about. */
const MOST = 50;
