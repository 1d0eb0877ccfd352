import { outboundEnding, sentence } from "../../lib/reasons.js";
import { compareNames } from "../../lib/team.js";
import { otherNumber } from "../../switchroom.js";
import { order } from "../banner.js";
import { h, icon, write } from "../dom.js";
import { LEG_END, SCOPE, VERDICT, duration } from "../format.js";
import { say } from "../say.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../lib/team.js").Leg} Leg */

/**
 * Which phones rang in a call, how each ring ended, and why each agent rang or did not. An outbound
 * call rings at its other end only, not at the agent who placed it.
 *
 * @param {import("../../switchroom.js").Call} call
 * @param {Switchroom} phone
 * @returns {Node}
 */
export function detail(call, phone) {
  const name = (/** @type {string | null} */ id) => phone.agent(id)?.name ?? "A former agent";
  const isOut = call.direction === "outbound";
  const waves = Array.isArray(call.waves) && !isOut ? call.waves : [];
  const rung = call.legs.filter((leg) => !isOut || !leg.agent);
  const refused = call.outcome === "refused" && h("p", {}, sentence(outboundEnding(call)));
  return h(
    "div",
    {},
    reach(call, phone),
    refused || legs(rung, name),
    ...waves.map((wave) => routing(wave, name, phone.me)),
    h("p.quiet", {}, `Call ${call.call_sid}`),
  );
}

/**
 * The number at the other end, to read, copy and call. A withheld one has nothing of that.
 *
 * @param {import("../../switchroom.js").Call} call
 * @param {Switchroom} phone
 */
function reach(call, phone) {
  const number = call.direction === "inbound" ? call.from : call.to;
  if (!number) return null;
  const callBack = { type: "button", "data-test": "call-back", onclick: () => order(() => phone.dial(number), "No call was placed") };
  const copy = h("button", { type: "button", "data-test": "copy-number" }, "Copy");
  copy.addEventListener("click", () =>
    order(async () => {
      await navigator.clipboard.writeText(number);
      say("Copied");
      write(copy, "Copied");
    }, "The number was not copied"),
  );
  const text = h("span.number", { "data-test": "detail-number" }, otherNumber(call));
  return h("p.reach", {}, text, h("button", callBack, icon("phone"), call.direction === "inbound" ? "Call back" : "Call again"), copy);
}

/**
 * @param {Leg[]} all
 * @param {(id: string | null) => string} name
 */
function legs(all, name) {
  if (all.length === 0) return h("p.quiet", {}, "Nobody rang.");
  const rows = all.map((leg) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, leg.agent ? name(leg.agent) : "Their phone"),
      h("td", {}, clock(leg.ringing_at ?? leg.initiated_at)),
      h("td", {}, length(leg.ringing_at ?? leg.initiated_at, leg.answered_at ?? leg.ended_at)),
      h("td", {}, leg.answered_at ? length(leg.answered_at, leg.ended_at) || "talking" : "–"),
      h("td", {}, legWords(leg)),
    ),
  );
  const head = ["Who rang", "At", "Rang for", "Talked", "How it ended"].map((word) => h("th", { scope: "col" }, word));
  const region = { tabIndex: 0, role: "region", "aria-label": "Who rang" };
  return h("div.scroll", region, h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}

/** @param {Leg} leg */
function legWords({ agent, end_reason, status }) {
  // Of a call out, the caller is the agent.
  if (!agent && end_reason === "caller_left") return "cancelled";
  return LEG_END[end_reason ?? status] ?? status;
}

/**
 * @param {import("../../lib/words.js").Wave} wave
 * @param {(id: string | null) => string} name
 * @param {string | null} me
 */
function routing(wave, name, me) {
  const purpose = wave.scope ? ` for ${scopeWords(wave.scope)}` : "";
  const named = wave.verdicts.map((verdict) => ({ ...verdict, name: name(verdict.user) }));
  const sorted = named.sort((a, b) => Number(b.rings) - Number(a.rings) || compareNames(a, b));
  const items = sorted.map(({ user, name, reason, rings }) =>
    h(
      "li",
      {},
      h("span", {}, `${name}${user === me ? " (you)" : ""}`),
      h(rings ? "span.rings" : "span.quiet", {}, VERDICT[reason] ?? reason),
    ),
  );
  return h("section", {}, h("h3", {}, `Round ${wave.number}${purpose}`), h("ul.verdicts", {}, ...items));
}

/** @param {string} scope who a wave rings, and why: `everyone:unknown_caller` */
const scopeWords = (scope) => {
  /** @type {Record<string, string>} */
  const words = SCOPE;
  return scope.split(":").map((code) => words[code] ?? code).join(": ");
};

/** @param {string | null} at */
const clock = (at) => (at ? new Date(at).toLocaleTimeString() : "–");

/**
 * @param {string | null} from
 * @param {string | null} to
 */
const length = (from, to) => (from && to ? duration(Date.parse(to) - Date.parse(from)) : "");
