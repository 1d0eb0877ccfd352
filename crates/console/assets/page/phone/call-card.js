import { formatNumber } from "../../switchroom.js";
import { countFrom } from "../clock.js";
import { h, write } from "../dom.js";
import { controls } from "./controls.js";
import { who } from "./who.js";

/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * The card of a call that was answered or placed.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 * @param {Line} line
 */
export function callCard(phone, { id }) {
  const state = h("span");
  const name = h("p.who", { "data-test": "call-name" });
  const number = h("p.number", { "data-test": "call-number" });
  const timer = h("time.timer", { "data-test": "call-timer" });
  const trouble = h("p.trouble", { role: "status", "data-test": "call-trouble" });
  const all = controls(phone, id);
  const card = h(
    "article.line",
    { "data-test": "active-call", tabIndex: -1 },
    h("header", {}, state, timer),
    h("div", {}, name, number),
    trouble,
    h("div.three", {}, ...all.map(({ button }) => button)),
    // Below, so that Hang up stays where it is.
    ...all.map(({ panel }) => panel),
  );
  card.update = (/** @type {Line} */ line) => {
    write(state, stateWords(line));
    card.setAttribute("aria-label", `Call with ${who(line)}`);
    write(name, who(line));
    write(number, line.name ? (line.numberText ?? formatNumber(line.number)) : "");
    if (line.answeredAt === null) countFrom(timer, null);
    else if (timer.dataset.since !== String(line.answeredAt)) countFrom(timer, line.answeredAt);
    write(trouble, line.trouble ?? "");
    trouble.hidden = !line.trouble;
    for (const control of all) control.update?.(line);
  };
  return card;
}

/** @param {Line} line */
function stateWords({ state, direction }) {
  if (state === "open") return "On a call";
  if (state === "reconnecting") return "Reconnecting…";
  if (state === "over") return "Not connected";
  if (state === "ringing") return "Ringing…";
  return direction === "inbound" ? "Connecting…" : "Calling…";
}
