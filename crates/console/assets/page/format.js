import { otherNumber } from "../lib/number.js";
import { MISSED } from "../lib/words.js";

/**
 * A duration as a clock shows it: `0:07`, `12:40`, `1:02:03`.
 *
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * A duration in short words: `7 s`, `12 min`, `1 h 2 min`.
 *
 * @param {number} seconds
 */
export function brief(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return seconds < 600 ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * The initials, shown instead of a picture.
 *
 * @param {string | null} name
 */
export function initials(name) {
  const words = (name ?? "").trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join("") || "?";
}

/**
 * A time in its shortest form: only the time for today, otherwise with the day.
 *
 * @param {string | null} at RFC 3339
 * @param {Date} now
 */
export function moment(at, now) {
  if (!at) return "";
  const date = new Date(at);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year })}, ${time}`;
}

/** What an agent does, in words. @type {Record<import("../lib/words.js").AgentStatus, string>} */
export const STATUS = {
  available: "Available",
  away: "Away",
  offline: "Offline",
  unknown: "Never signed in here; calls ring",
  offered: "Ringing",
  busy: "On a call",
  wrap_up: "Wrapping up",
};

/** Why an agent's page cannot take calls, in words. @type {Record<import("../lib/words.js").NotReady, string>} */
export const NOT_READY = {
  microphone: "Not ready: no microphone",
  phone: "Not ready: no phone network",
  silent: "Not ready: the page does not respond",
};

/**
 * The status that an agent has outside of calls. An agent who has set none, but has a page open, is
 * available.
 *
 * @param {import("../switchroom.js").Agent | null} agent
 */
export function outsideCalls(agent) {
  if (!agent) return null;
  const isAway = agent.status === "unknown" || (agent.status === "offline" && !agent.not_ready);
  return agent.presence ?? (isAway ? null : "available");
}

/**
 * What an agent does with a call, in words.
 *
 * @param {import("../switchroom.js").Agent} agent
 * @param {import("../switchroom.js").Call} call
 * @param {string} other the other end of the call
 */
export function doing(agent, call, other) {
  if (agent.status === "offered") return `Ringing: ${other}`;
  return call.direction === "outbound" && call.outcome === "ringing" ? `Calling ${other}` : `Talking to ${other}`;
}

/** How a call went, in words. @type {Record<import("../lib/words.js").Outcome, string>} */
export const OUTCOME = {
  ringing: "Ringing",
  in_progress: "Talking",
  completed: "Answered",
  no_answer: "No answer",
  caller_hung_up: "Caller hung up",
  busy: "Busy",
  failed: "Failed",
  refused: "Not placed",
};

/**
 * How a call went, in words. A call out that ends before anyone answers was cancelled here.
 *
 * @param {Pick<import("../lib/words.js").Call, "direction" | "outcome">} call
 */
export function outcomeName({ direction, outcome }) {
  if (direction === "outbound" && outcome === "caller_hung_up") return "Cancelled";
  return OUTCOME[outcome] ?? outcome;
}

/**
 * The other end of a call, by name or number.
 *
 * @param {import("../lib/words.js").Call} call
 */
export const other = (call) => call.contact_name ?? otherNumber(call);

/**
 * Whether a call is over and nobody answered the caller.
 *
 * @param {Pick<import("../lib/words.js").Call, "direction" | "outcome">} call
 */
export const isMissed = ({ direction, outcome }) => direction === "inbound" && MISSED.includes(outcome);

/** Why an agent rang or did not, in words. @type {Record<import("../lib/words.js").ReasonCode, string>} */
export const VERDICT = {
  rings: "rang",
  waits: "would have rung later",
  on_call: "was on a call",
  away: "was away",
  offline: "was offline",
  wrap_up: "was wrapping up",
  not_assigned: "not assigned",
  not_member: "takes no calls here",
  already_rang: "had already rung",
  beyond_last_wave: "came after the last round",
  page_closed: "had closed the page",
  page_not_ready: "had a page that could not ring",
};

/** Who a call rang, and why, in words. @type {Record<import("../lib/words.js").Whom | import("../lib/words.js").Because, string>} */
export const SCOPE = {
  assigned: "the assigned agents",
  everyone: "everyone",
  nobody: "nobody",
  unknown_caller: "an unknown caller",
  not_assigned: "assigned to nobody",
  assigned_unavailable: "the assigned agents were not free",
  assigned_unanswered: "the assigned agents did not answer",
};

/**
 * How a leg ended, or its status, in words.
 *
 * @type {Record<import("../lib/words.js").LegEnd | import("../lib/words.js").LegStatus, string>}
 */
export const LEG_END = {
  completed: "answered, then hung up",
  answered_elsewhere: "somebody else answered",
  caller_left: "the caller hung up",
  timed_out: "not answered in time",
  declined: "declined, or busy",
  unreachable: "not reachable",
  not_connected: "answered too late",
  canceled: "stopped",
  refused: "not placed",
  lost: "end not reported",
  "in-progress": "talking",
  ringing: "rings",
  initiated: "about to ring",
  "no-answer": "not answered in time",
  busy: "declined, or busy",
  failed: "not reachable",
};
