import { BECAUSE } from "./words.js";

/**
 * One call of this agent's phone. Plain data: it is copied to other tabs as it is.
 *
 * @typedef {object} Line
 * @property {string} id of this line, in this browser
 * @property {string | null} callSid of the whole call, for `GET /calls/{call_sid}`
 * @property {string | null} legSid of the leg to this browser
 * @property {"inbound" | "outbound"} direction
 * @property {LineState} state
 * @property {string} number of the other end; `""` if it is withheld
 * @property {string | null} numberText the number as people read it, if the server has said so
 * @property {string | null} name the contact's, if it is known
 * @property {string | null} contactId
 * @property {Why | null} why the reason why this agent rings; inbound only
 * @property {number} since when the state before `open` began, in milliseconds
 * @property {number | null} answeredAt
 * @property {boolean} isMuted
 * @property {string | null} trouble a problem of the connection or the sound; the reason if it is `over`
 */

/**
 * - `ringing`: here, or at the other end
 * - `connecting`: answered here, or dialled
 * - `open`: both ends hear each other
 * - `reconnecting`: the connection was lost, and is being restored
 * - `over`: not placed, or not answered; the agent hears an announcement, and then the line ends
 *
 * @typedef {"ringing" | "connecting" | "open" | "reconnecting" | "over"} LineState
 */

/**
 * Why this agent rings, from the server's parameters.
 *
 * @typedef {object} Why
 * @property {string} scope `assigned` or `everyone`
 * @property {string | null} because why everyone rings
 * @property {number} wave from 1
 */

/** Whether a line rings in this browser, and can be answered. @param {Pick<Line, "state" | "direction">} line */
export const isIncoming = ({ state, direction }) => state === "ringing" && direction === "inbound";

/** Whether a line is a call that answering another one would end. @param {Pick<Line, "state" | "direction">} line */
export const isInProgress = (line) => !isIncoming(line) && line.state !== "over";

/**
 * The line of an incoming call.
 *
 * @param {Record<string, string>} parameters Twilio's
 * @param {Map<string, string>} custom our server's `<Parameter>`s
 * @param {number} now
 * @returns {Line}
 */
export function incoming(parameters, custom, now) {
  const text = (/** @type {string} */ name) => custom.get(name) || null;
  const scope = text("scope");
  const from = text("from") ?? parameters.From ?? "";
  return {
    id: parameters.CallSid,
    callSid: text("call_sid"),
    legSid: parameters.CallSid,
    direction: "inbound",
    state: "ringing",
    number: /^\+\d+$/.test(from) ? from : "",
    numberText: text("from_text"),
    name: text("display_name"),
    contactId: text("contact_id"),
    why: scope === null ? null : { scope, because: text("because"), wave: Number(text("wave")) || 1 },
    since: now,
    answeredAt: null,
    isMuted: false,
    trouble: null,
  };
}

/**
 * The line of a call that the agent places.
 *
 * @param {string} number E.164
 * @param {string | null} numberText as people read it
 * @param {string} id
 * @param {number} now
 * @returns {Line}
 */
export function outgoing(number, numberText, id, now) {
  return {
    id,
    callSid: null,
    legSid: null,
    direction: "outbound",
    state: "connecting",
    number,
    numberText,
    name: null,
    contactId: null,
    why: null,
    since: now,
    answeredAt: null,
    isMuted: false,
    trouble: null,
  };
}

/**
 * Why this agent rings, in words.
 *
 * @param {Why | null} why
 * @returns {string}
 */
export function whySentence(why) {
  if (!why) return "";
  const wave = why.wave > 1 ? ", after others did not answer" : "";
  if (why.scope === "assigned") return `Assigned to you${wave}`;
  const because = BECAUSE.find((one) => one === why.because);
  return `${because ? EVERYONE[because] : "Ringing everyone"}${wave}`;
}

/** Why everyone rings, in words. @type {Record<import("./words.js").Because, string>} */
const EVERYONE = {
  unknown_caller: "Ringing everyone: unknown caller",
  not_assigned: "Ringing everyone: assigned to nobody",
  assigned_unavailable: "Ringing everyone: the assigned agents are not free",
  assigned_unanswered: "Ringing everyone: the assigned agents did not answer",
};
