// Made from the types of the server, which compares it with them. To write it again:
// UPDATE_GENERATED=1 cargo test --package server --lib generated

/**
 * One agent, as all pages see them.
 *
 * @typedef {object} Agent
 * @property {string} user_id
 * @property {string} identity
 * @property {string | null} name
 * @property {Role} role
 * @property {AgentStatus} status What counts now: calls, then what was set by hand, then whether a page is open. `unknown`: their page never reported, so they ring
 * @property {string | null} since
 * @property {"available" | "away" | "offline" | null} presence What was set by hand; it holds again after a call. Null: nothing was ever set
 * @property {string} [call_sid] The call that they are on, or that rings
 * @property {NotReady | null} [not_ready] Why their open page cannot take a call; then they are `offline`. Absent: it can, or no page is open
 * @property {string} [until] When `wrap_up` ends by itself
 */

/** @typedef {"available" | "away" | "offline" | "unknown" | "offered" | "busy" | "wrap_up"} AgentStatus */

/**
 * Who has a call.
 *
 * @typedef {object} AnsweredBy
 * @property {string} user_id
 * @property {string | null} name
 */

/**
 * One call, as all pages see it: the record, the name of its contact, and its numbers as the team reads them.
 *
 * @typedef {object} Call
 * @property {string} call_sid The call, as Twilio and the log name it
 * @property {Direction} direction Who placed it; inbound until an event says otherwise
 * @property {string} from Who calls
 * @property {string} to What was called: for an outbound call the number that was dialled
 * @property {string | null} contact_id The person on the other side, if it is a contact
 * @property {Outcome} outcome How it stands or ended
 * @property {string | null} handled_by The agent who has, or had, the call. Inbound: whose leg was answered and connected; null while it rings and if it was missed. Outbound: who placed it
 * @property {string | null} started_at When it arrived, or the first sign of it if the arrival is not known; null if nothing is known
 * @property {string | null} answered_at When the other side answered
 * @property {string | null} ended_at When it ended; null while it goes on
 * @property {EndReason | null} end_reason Why it ended; null while it goes on, and in the log for a reason that only a newer version of the program knows
 * @property {Refusal | null} refusal The rule that kept an outbound call from being placed
 * @property {Leg[]} legs As folded: the agent's own leg of an outbound call first, then by wave, first sign of life and Sid. In the log they are in the order in which they began
 * @property {Wave[]} waves The waves, by number
 * @property {string | null} contact_name The name of the contact
 * @property {string | null} from_text `from` as the workspace's people write it, in their own country without its code; `null` for a withheld number and for what is no number
 * @property {string | null} to_text `to` in the same way
 */

/** @typedef {"completed" | "answered" | "busy" | "no-answer" | "failed" | "canceled"} DialStatus */

/**
 * The `action` of a Dial: it is over.
 *
 * @typedef {object} Dialled
 * @property {number} wave Which wave it was, from 1; an outbound call has one
 * @property {DialStatus} status How it ended
 * @property {boolean} caller_gone Whether the call itself was over by then: the caller has gone
 * @property {boolean} [bridged] Twilio's `DialBridged`: whether the two sides were connected
 * @property {string} [child] The leg that was bridged. If none was, Twilio may name any leg, which means nothing
 * @property {number} [duration] Twilio's `DialCallDuration`: how long that leg was answered
 */

/** @typedef {"inbound" | "outbound"} Direction */

/** @typedef {"completed" | "caller_hung_up" | "timed_out" | "declined" | "nobody_available" | "failed" | "refused" | "lost"} EndReason */

/** @typedef {"identity_required" | "identity_prefix" | "identity_user_id" | "identity_not_yours" | "session_missing" | "session_expired" | "session_not_yet_valid" | "session_claim" | "session_invalid" | "workspace_not_found" | "call_not_found" | "voice_sdk_absent" | "not_found" | "method_not_allowed" | "field_invalid" | "field_unknown" | "body_broken" | "body_too_large" | "too_many_streams" | "unavailable" | "internal"} ErrorCode */

/**
 * One end of a call: an agent's browser, or the number that an agent called.
 *
 * @typedef {object} Leg
 * @property {string} leg_sid The leg; for the agent's own leg of an outbound call, the call itself
 * @property {string | null} agent The agent whose browser it is; null for a phone number
 * @property {LegStatus} status How it stands. A leg that no callback ended, but whose call or Dial is over, is over
 * @property {string | null} initiated_at When dialling began
 * @property {string | null} ringing_at When it began to ring
 * @property {string | null} answered_at When it was answered
 * @property {string | null} ended_at When it ended; null while it goes on
 * @property {LegEnd | null} end_reason Why it ended; null while it goes on, and in the log for a reason that only a newer version of the program knows
 */

/** @typedef {"completed" | "answered_elsewhere" | "caller_left" | "timed_out" | "declined" | "unreachable" | "not_connected" | "canceled" | "refused" | "lost"} LegEnd */

/** @typedef {"initiated" | "ringing" | "in-progress" | "no-answer" | "canceled" | "failed" | "busy" | "completed"} LegStatus */

/** @typedef {"microphone" | "phone" | "silent"} NotReady */

/** @typedef {"ringing" | "in_progress" | "completed" | "no_answer" | "caller_hung_up" | "busy" | "failed" | "refused"} Outcome */

/**
 * How a text is read as a number, how the number is shown, and whether this workspace may dial it.
 *
 * @typedef {object} ReadNumber
 * @property {string | null} e164 The number in E.164, which is what is dialled; null if the text is no number
 * @property {string | null} extension Digits behind the number, which are not dialled
 * @property {string | null} text The number as people write it in the workspace's country: national at home, international abroad
 * @property {string | null} international The number with its calling code, grouped as its country does
 * @property {string | null} national The number as it is written in its own country
 * @property {string | null} country Its country, by its ISO 3166 code; null if it has none
 * @property {string | null} kind What sort of number it is: `fixed`, `mobile`, `toll_free`, `premium` and so on
 * @property {boolean} allowed Whether it may be dialled
 * @property {Refusal | null} reason Why not
 * @property {string | null} sentence Why not, in English
 */

/** @typedef {"rings" | "waits" | "beyond_last_wave" | "already_rang" | "on_call" | "wrap_up" | "away" | "offline" | "page_closed" | "page_not_ready" | "not_assigned" | "not_member"} ReasonCode */

/** @typedef {"not_a_number" | "emergency_number" | "short_number" | "premium_number" | "shared_cost_number" | "personal_number" | "satellite_number" | "number_not_in_use" | "prefix_not_allowed" | "own_number" | "on_call" | "too_many_calls" | "too_many_calls_today" | "not_a_member" | "not_an_agent" | "no_caller_id" | "unavailable"} Refusal */

/** @typedef {"answered" | "caller_hung_up" | "timed_out" | "declined" | "failed"} RingEnd */

/**
 * Why a page stopped ringing.
 *
 * @typedef {object} RingEnded
 * @property {string} call_sid
 * @property {string} leg_sid The leg of that page
 * @property {string} user_id Whose page rang
 * @property {RingEnd} reason
 * @property {AnsweredBy | null} answered_by Who has the call, if it was answered; perhaps the same agent
 */

/** @typedef {"agent" | "admin"} Role */

/** @typedef {"assigned" | "everyone:unknown_caller" | "everyone:not_assigned" | "everyone:assigned_unavailable" | "everyone:assigned_unanswered" | "nobody:unknown_caller" | "nobody:not_assigned" | "nobody:assigned_unavailable" | "nobody:assigned_unanswered"} Scope */

/**
 * What was decided about one candidate.
 *
 * @typedef {object} Verdict
 * @property {string} user Who
 * @property {ReasonCode} reason Why they ring, or do not
 * @property {boolean} rings Whether they ring in this wave; not so for those who are planned for a later one
 */

/**
 * One wave of an inbound call, or the one Dial of an outbound call.
 *
 * @typedef {object} Wave
 * @property {number} number Its number, from 1
 * @property {string | null} decided_at When it was decided; null if the decision is not known
 * @property {Scope | null} scope The agents that the call was for, and why; null if the decision is not known
 * @property {Verdict[]} verdicts What was decided about every candidate, in the router's order
 * @property {string | null} ended_at When its Dial ended
 * @property {Dialled | null} dialled How its Dial ended; null while it rings
 */

/** @typedef {"assigned" | "everyone" | "nobody"} Whom */

/** @typedef {"unknown_caller" | "not_assigned" | "assigned_unavailable" | "assigned_unanswered"} Because */

/** @type {Outcome[]} */
export const OUTCOMES = ["ringing", "in_progress", "completed", "no_answer", "caller_hung_up", "busy", "failed", "refused"];

/** @type {Outcome[]} */
export const LIVE = ["ringing", "in_progress"];

/** @type {Outcome[]} */
export const ANSWERED = ["in_progress", "completed"];

/** @type {Outcome[]} */
export const MISSED = ["no_answer", "caller_hung_up", "failed"];

/** @type {LegStatus[]} */
export const LEG_STATUSES = ["initiated", "ringing", "in-progress", "no-answer", "canceled", "failed", "busy", "completed"];

/** @type {LegEnd[]} */
export const LEG_ENDS = ["completed", "answered_elsewhere", "caller_left", "timed_out", "declined", "unreachable", "not_connected", "canceled", "refused", "lost"];

/** @type {RingEnd[]} */
export const RING_ENDS = ["answered", "caller_hung_up", "timed_out", "declined", "failed"];

/** @type {Refusal[]} */
export const REFUSALS = ["not_a_number", "emergency_number", "short_number", "premium_number", "shared_cost_number", "personal_number", "satellite_number", "number_not_in_use", "prefix_not_allowed", "own_number", "on_call", "too_many_calls", "too_many_calls_today", "not_a_member", "not_an_agent", "no_caller_id", "unavailable"];

/** @type {AgentStatus[]} */
export const AGENT_STATUSES = ["available", "away", "offline", "unknown", "offered", "busy", "wrap_up"];

/** @type {ReasonCode[]} */
export const REASONS = ["rings", "waits", "beyond_last_wave", "already_rang", "on_call", "wrap_up", "away", "offline", "page_closed", "page_not_ready", "not_assigned", "not_member"];

/** @type {Whom[]} */
export const WHOM = ["assigned", "everyone", "nobody"];

/** @type {Because[]} */
export const BECAUSE = ["unknown_caller", "not_assigned", "assigned_unavailable", "assigned_unanswered"];
