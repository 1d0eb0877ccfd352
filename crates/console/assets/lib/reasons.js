import { REFUSALS, RING_ENDS } from "./words.js";

/**
 * Why a call ended, for an agent.
 *
 * @typedef {"answered" | "answered_by_you" | "caller_hung_up" | "timed_out" | "declined" | "hung_up"
 *   | "callee_hung_up" | "busy" | "no_answer" | "failed" | "refused" | "lost" | "unknown"} Reason
 */

/**
 * @typedef {object} Ending
 * @property {Reason} reason
 * @property {string | null} by who answered, for `answered`
 * @property {string | null} [detail] what the network or the server adds
 */

/** @typedef {import("./words.js").RingEnded} RingEnded */

/**
 * Joins two tellers of the same end: the SDK knows at once that a ring is over, and never why; the
 * server knows why, sooner or later.
 */
export class RingEnds {
  /** @type {Map<string, RingEnded>} */
  #told = new Map();
  /** @type {Map<string, (ending: Ending) => void>} */
  #waiting = new Map();
  /** @type {string} */
  #me;

  /** @param {string} me own user id */
  constructor(me) {
    this.#me = me;
  }

  /**
   * The server tells.
   *
   * @param {RingEnded} told
   */
  tell(told) {
    const waiting = this.#waiting.get(told.leg_sid);
    if (waiting) {
      this.#waiting.delete(told.leg_sid);
      waiting(ending(told, this.#me));
      return;
    }
    this.#told.set(told.leg_sid, told);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST) break;
      this.#told.delete(oldest);
    }
  }

  /**
   * The ring is over: why? `unknown` if nobody tells in time.
   *
   * @param {string} legSid
   * @param {Promise<unknown>} patience
   * @returns {Promise<Ending>}
   */
  async why(legSid, patience) {
    const told = this.#told.get(legSid);
    if (told) {
      this.#told.delete(legSid);
      return ending(told, this.#me);
    }
    /** @type {Promise<Ending>} */
    const joined = new Promise((done) => this.#waiting.set(legSid, done));
    const late = patience.then(() => /** @type {Ending} */ ({ reason: "unknown", by: null }));
    const result = await Promise.race([joined, late]);
    this.#waiting.delete(legSid);
    return result;
  }
}

/** For rings that the SDK never tells of. */
const MOST = 50;

/**
 * @param {RingEnded} told
 * @param {string} me
 * @returns {Ending}
 */
function ending(told, me) {
  const reason = RING_ENDS.includes(told.reason) ? told.reason : "unknown";
  if (reason !== "answered") return { reason, by: null };
  if (told.answered_by?.user_id === me) return { reason: "answered_by_you", by: null };
  return { reason, by: told.answered_by?.name ?? null };
}

/**
 * How an outbound call ended, by its record.
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
    default:
      return { reason: "callee_hung_up", by };
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
      return "Nobody answered in time";
    case "declined":
      return "You declined";
    case "hung_up":
      return "You hung up";
    case "callee_hung_up":
      return "They hung up";
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

/** @param {string | null} code of a refusal; one of a newer server has no sentence yet */
function refusal(code) {
  const known = REFUSALS.find((one) => one === code);
  return known ? REFUSED[known] : "it is not allowed";
}

/** Why a call was not placed, in words. @type {Record<import("./words.js").Refusal, string>} */
export const REFUSED = {
  not_a_number: "this is not a phone number",
  premium_number: "numbers of this kind cost too much and are never called",
  prefix_not_allowed: "your workspace does not allow numbers with this prefix",
  on_call: "you are on another call",
  too_many_calls: "you have placed too many calls this hour",
  too_many_calls_today: "your workspace has placed too many calls today",
  not_a_member: "you do not take calls in this workspace",
  not_an_agent: "you do not take calls in this workspace",
  no_caller_id: "your workspace has no number of its own",
  unavailable: "the server could not check it; try again",
};
