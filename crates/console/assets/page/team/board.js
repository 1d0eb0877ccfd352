import { compareNames } from "../../lib/team.js";
import { countFrom } from "../clock.js";
import { $, h, icon, keyed, write } from "../dom.js";
import { isTeamKnown } from "../known.js";
import { NOT_READY, STATUS, doing, other } from "../format.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../switchroom.js").Agent} Agent */
/** @typedef {import("../../switchroom.js").Call} Call */

/**
 * The team, live. Rows are changed in place; all events in one frame are drawn together.
 *
 * @param {Switchroom} phone
 */
export function mountBoard(phone) {
  let isDue = false;
  const draw = () => {
    isDue = false;
    drawCalls(phone);
    drawAgents(phone);
  };
  const due = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(draw);
  };
  phone.on("agents", due);
  phone.on("calls", due);
  phone.on("readiness", due);
  due();
}

/** @param {Switchroom} phone */
function drawCalls(phone) {
  const isKnown = isTeamKnown(phone);
  const calls = isKnown ? inOrder(phone.calls) : [];
  keyed($("live"), calls, (call) => call.call_sid, createCall, (row, call) => row.update(call, phone));
  write($("live-count"), calls.length > 0 ? String(calls.length) : "");
  $("live-none").hidden = calls.length > 0;
  write($("live-none"), isKnown ? "No calls at the moment." : UNKNOWN);
}

/** Callers who wait come first, the longest wait first. @param {Call[]} calls the oldest first */
export const inOrder = (calls) => [...calls.filter(isWaitingCall), ...calls.filter((call) => !isWaitingCall(call))];

const UNKNOWN = "Not known at the moment.";

function createCall() {
  const [mark, party, time, parties] = [h("span"), h("span.party"), h("time"), h("span.with")];
  const row = h("li", {}, mark, party, time, parties);
  row.update = (/** @type {Call} */ call, /** @type {Switchroom} */ phone) => {
    const isWaiting = isWaitingCall(call);
    row.className = isWaiting ? "waiting" : "";
    if (mark.dataset.of !== call.direction) {
      mark.dataset.of = call.direction;
      mark.replaceChildren(icon(call.direction === "inbound" ? "in" : "out"));
    }
    write(party, other(call));
    count(time, call.answered_at ?? call.started_at, phone);
    write(parties, partiesWords(call, phone));
  };
  return row;
}

/** Whether a caller waits to be answered. @param {Call} call */
export const isWaitingCall = (call) => call.direction === "inbound" && call.outcome === "ringing";

/**
 * @param {Call} call
 * @param {Switchroom} phone
 */
function partiesWords(call, phone) {
  const name = (/** @type {string | null} */ id) => phone.agent(id)?.name ?? "an agent";
  if (call.handled_by && call.outcome === "in_progress") return `with ${name(call.handled_by)}`;
  const ringing = call.legs.filter((leg) => leg.agent && !leg.ended_at).map((leg) => ({ name: name(leg.agent) })).sort(compareNames);
  if (call.direction === "outbound") return `${call.handled_by ? name(call.handled_by) : "an agent"} calls`;
  if (ringing.length === 0) return "waits";
  const names = ringing.slice(0, 2).map((agent) => agent.name);
  const rest = ringing.length - names.length;
  return `rings ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** @param {Switchroom} phone */
function drawAgents(phone) {
  const rank = (/** @type {Agent} */ agent) => ORDER.indexOf(agent.status);
  const agents = phone.agents.sort((a, b) => rank(a) - rank(b));
  const calls = new Map(phone.calls.map((call) => [call.call_sid, call]));
  keyed($("agents"), agents, (agent) => agent.user_id, createAgent, (row, agent) => row.update(agent, phone, calls));
  const isKnown = isTeamKnown(phone);
  $("agents").hidden = !isKnown;
  $("agents-none").hidden = isKnown;
  write($("agents-none"), UNKNOWN);
  write($("agents-count"), isKnown ? teamWords(agents) : "");
}

/** Who of the team calls ring for, in words. @param {Pick<Agent, "status">[]} agents */
export function teamWords(agents) {
  const count = (/** @type {string} */ status) => agents.filter((agent) => agent.status === status).length;
  const unseen = count("unknown");
  return `${count("available")} of ${agents.length} free${unseen > 0 ? `, ${unseen} never signed in here` : ""}`;
}

const ORDER = ["offered", "busy", "wrap_up", "available", "unknown", "away", "offline"];

function createAgent() {
  const [name, time, does] = [h("span.name"), h("time"), h("span.does")];
  const row = h("li", {}, h("span.dot", { "aria-hidden": "true" }), name, time, does);
  row.update = (/** @type {Agent} */ agent, /** @type {Switchroom} */ phone, /** @type {Map<string, Call>} */ calls) => {
    if (row.className !== agent.status) row.className = agent.status;
    write(name, `${agent.name ?? "No name"}${agent.user_id === phone.me ? " (you)" : ""}`);
    const isCounted = agent.status !== "offline" && agent.status !== "unknown";
    count(time, isCounted ? agent.since : null, phone);
    const call = calls.get(agent.call_sid ?? "");
    const status = agent.not_ready ? NOT_READY[agent.not_ready] : STATUS[agent.status];
    write(does, call ? doing(agent, call, other(call)) : (status ?? agent.status));
  };
  return row;
}

/**
 * Counts from a time of the server's clock.
 *
 * @param {HTMLElement} element
 * @param {string | null} at RFC 3339
 * @param {Switchroom} phone
 */
function count(element, at, phone) {
  const since = at === null ? null : Math.round(Date.parse(at) - (phone.now - Date.now()));
  if (element.dataset.at === String(at)) return;
  element.dataset.at = String(at);
  countFrom(element, since);
}
