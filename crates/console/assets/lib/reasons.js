import { REFUSALS, RING_ENDS } from "./words.js";

/**
 * Why a call ended, for an agent.
 *
 * @typedef {"answered" | "answered_by_you" | "caller_hung_up" | "timed_out" | "declined" | "hung_up"
 *   | "callee_hung_up" | "over" | "busy" | "no_answer" | "failed" | "refused" | "lost" | "unknown"} Reason
 */

/**
 * @typedef {object} Ending
 * @property {Reason} reason
 * @property {string | null} by who answered, for `answered`
 * @property {string | null} [detail] from the network or the server: more about the reason
 */

/** @typedef {import("./words.js").RingEnded} RingEnded */

/**
 * Joins two sources for the end of a ring: the SDK reports at once that it is over, but not why; the
 * server's event has the reason, and arrives before or after.
 */
export class RingEnds {
  /** @type {Map<string, RingEnded>} */
  #known = new Map();
  /** @type {Map<string, (ending: Ending) => void>} */
  #waiting = new Map();
  /** @type {string} */
  #me;

  /** @param {string} me the agent's user id */
  constructor(me) {
    this.#me = me;
  }

  /**
   * The server has sent an event.
   *
   * @param {RingEnded} event
   */
  add(event) {
    const waiting = this.#waiting.get(event.leg_sid);
    if (waiting) {
      this.#waiting.delete(event.leg_sid);
      waiting(ending(event, this.#me));
      return;
    }
    this.#known.set(event.leg_sid, event);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(oldest);
    }
  }

  /**
   * Why a ring is over; `unknown` if the event does not come in time.
   *
   * @param {string} legSid
   * @param {Promise<unknown>} patience
   * @returns {Promise<Ending>}
   */
  async why(legSid, patience) {
    const known = this.#known.get(legSid);
    if (known) {
      this.#known.delete(legSid);
      return ending(known, this.#me);
    }
    /** @type {Promise<Ending>} */
    const joined = new Promise((done) => this.#waiting.set(legSid, done));
    const late = patience.then(() => /** @type {Ending} */ ({ reason: "unknown", by: null }));
    const result = await Promise.race([joined, late]);
    this.#waiting.delete(legSid);
    return result;
  }
}

/** The most events that are kept: for some rings, the SDK never asks. */
const MOST = 50;

/**
 * @param {RingEnded} event
 * @param {string} me
 * @returns {Ending}
 */
function ending(event, me) {
  const reason = RING_ENDS.includes(event.reason) ? event.reason : "unknown";
  if (reason !== "answered") return { reason, by: null };
  if (event.answered_by?.user_id === me) return { reason: "answered_by_you", by: null };
  return { reason, by: event.answered_by?.name ?? null };
}

/**
 * How an outbound call ended, according to its record.
 *
 * @param {Pick<import("./words.js").Call, "outcome" | "refusal">} call
 * @returns {Ending}
 */
export function outboundEnding(call) {
  const by = null;
  switch (call.outcome) {
    case "busy":
    case "no_answer":
    case "failed":
      return { reason: call.outcome, by };
    case "refused":
      return { reason: "refused", by, detail: call.refusal };
    case "caller_hung_up":
      // The agent is the caller.
      return { reason: "hung_up", by };
    case "completed":
    case "in_progress":
    case "ringing":
      return { reason: "callee_hung_up", by };
    default:
      // A newer server may have outcomes that this page does not know.
      return { reason: "unknown", by };
  }
}

/**
 * The reason in words.
 *
 * @param {Ending} ending
 * @returns {string}
 */
export function sentence({ reason, by, detail = null }) {
  switch (reason) {
    case "answered":
      return by ? `${by} took it` : "Somebody else took it";
    case "answered_by_you":
      return "You answered on another device";
    case "caller_hung_up":
      return "The caller hung up";
    case "timed_out":
      // Others may ring on.
      return "You did not answer in time";
    case "declined":
      return "You declined";
    case "hung_up":
      return "You hung up";
    case "callee_hung_up":
      return "They hung up";
    case "over":
      return "The call is over";
    case "busy":
      return "The line is busy";
    case "no_answer":
      return "No answer";
    case "failed":
      return detail ? `The call failed: ${detail}` : "The call failed";
    case "refused":
      return `The call was not placed: ${refusal(detail)}`;
    case "lost":
      return detail ? `The connection was lost: ${detail}` : "The connection was lost";
    default:
      return "The ringing stopped";
  }
}

/** @param {string | null} code of a refusal; a newer server may have codes without a sentence here */
function refusal(code) {
  const known = REFUSALS.find((one) => one === code);
  return known ? REFUSED[known] : "it is not allowed";
}

/** Why a call was not placed, in words. @type {Record<import("./words.js").Refusal, string>} */
export const REFUSED = {
  not_a_number: "this is not a phone number",
  emergency_number: "this is an emergency number: dial it on a mobile or a fixed telephone",
  short_number: "short numbers are not called from here: dial it on a telephone",
  premium_number: "premium numbers cost too much, and are never called",
  shared_cost_number: "shared-cost numbers cost too much, and are never called",
  personal_number: "personal numbers and pagers cost too much, and are never called",
  satellite_number: "satellites and networks outside of countries are never called",
  number_not_in_use: "its country does not use numbers like this",
  prefix_not_allowed: "your workspace does not allow numbers of this country or with this prefix",
  own_number: "this is your workspace's own number",
  on_call: "you are on another call",
  too_many_calls: "you have placed too many calls this hour",
  too_many_calls_today: "your workspace has placed too many calls today",
  not_a_member: "you do not take calls in this workspace",
  not_an_agent: "you do not take calls in this workspace",
  no_caller_id: "your workspace has no phone number",
  unavailable: "the server could not check it; try again",
};
