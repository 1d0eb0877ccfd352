import { sleep } from "./backoff.js";
import { isMicrophone, problemOf } from "./problem.js";
import { outboundEnding } from "./reasons.js";
import { isLive } from "./team.js";
import { ANSWERED } from "./words.js";

/** @typedef {import("./line.js").Line} Line */
/** @typedef {import("./reasons.js").Ending} Ending */
/** @typedef {import("./team.js").Call} Call */

/**
 * Finds out why a call ended, and whether anybody answered it. The SDK often does not know; the
 * server does, a moment later.
 */
export class Endings {
  #parts;

  /**
   * @param {object} parts
   * @param {Pick<import("./reasons.js").RingEnds, "why">} parts.ringEnds
   * @param {(callSid: string, fits: (call: Call) => boolean, patience: number) => Promise<Call | null>} parts.record
   *   the record of an outbound call, once it fits
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Why a ring stopped that was not answered here.
   *
   * @param {Line} line
   * @returns {Promise<Ending>}
   */
  async ofRing({ legSid }) {
    if (!legSid) return { reason: "unknown", by: null };
    return this.#parts.ringEnds.why(legSid, sleep(PATIENCE));
  }

  /**
   * Why the SDK ended a call that this page did not end.
   *
   * @param {Line} line
   * @param {any} failure the SDK's last error of this call, or `null`
   * @returns {Promise<Ending>}
   */
  async ofCall(line, failure) {
    if (failure && isMicrophone(Number(failure.code))) return because("failed", failure);
    if (failure && line.state === "reconnecting") return because("lost", failure);
    if (line.direction === "outbound") return this.#ofOutbound(line, failure);
    return line.answeredAt === null ? this.ofRing(line) : { reason: "caller_hung_up", by: null };
  }

  /**
   * @param {Line} line
   * @param {any} failure
   * @returns {Promise<Ending>}
   */
  async #ofOutbound({ callSid, answeredAt }, failure) {
    const isOver = (/** @type {Call} */ call) => !isLive(call);
    const record = callSid ? await this.#parts.record(callSid, isOver, PATIENCE) : null;
    // Without the server's record nobody knows whether a person or an announcement was heard.
    return record ? outboundEnding(record) : because(answeredAt === null ? "failed" : "over", failure);
  }

  /**
   * Finds out what the agent hears when the SDK has connected an outbound call. It is the callee, because
   * Twilio connects the agent only when the callee answers (`answerOnBridge`); or it is the server's
   * announcement that the call was not placed or not answered. Only the record of the call shows which.
   *
   * @param {Line} line
   * @returns {Promise<Ending | null>} why the callee cannot be heard; `null` if it is the callee
   */
  async unlessAnswered({ callSid }) {
    const isDecided = (/** @type {Call} */ { outcome }) => outcome !== "ringing";
    const record = callSid ? await this.#parts.record(callSid, isDecided, DOUBT) : null;
    return !record || ANSWERED.includes(record.outcome) ? null : outboundEnding(record);
  }
}

/**
 * An end with the SDK's error as its detail.
 *
 * @param {import("./reasons.js").Reason} reason
 * @param {any} failure the SDK's error, or `null`
 * @returns {Ending}
 */
export function because(reason, failure) {
  return { reason, by: null, detail: failure ? lower(problemOf(failure).title) : null };
}

/** Makes a sentence fit into the middle of another one. @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

/** How long the server may take to say why a call is over. */
const PATIENCE = 6000;

/** If the server says nothing for this long, the callee has answered. */
const DOUBT = 2000;
