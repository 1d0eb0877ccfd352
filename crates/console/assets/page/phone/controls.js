import { order } from "../banner.js";
import { h, icon, write } from "../dom.js";
import { meant } from "../press.js";
import { keypad } from "./keypad.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * A control on the card of a call.
 *
 * @typedef {object} Control
 * @property {any} button
 * @property {any} [panel] what the button opens, below all buttons
 * @property {(line: Line) => void} [update] shows the line as it is now
 */

/**
 * The controls of a call, in the order of the buttons. A new one needs a function here, and no
 * change in the card. What ends the call comes first: the last place is where Answer was.
 *
 * @param {Switchroom} phone
 * @param {string} id of the line
 * @returns {Control[]}
 */
export const controls = (phone, id) => [hangUp(phone, id), mute(phone, id), keys(phone, id)];

/**
 * @param {Switchroom} phone
 * @param {string} id
 * @returns {Control}
 */
function mute(phone, id) {
  const word = h("span");
  const mark = h("span", { "aria-hidden": "true" });
  let isMuted = false;
  const onclick = () => order(() => phone.mute(!isMuted, id));
  const button = h("button", { type: "button", "data-test": "mute", "aria-pressed": "false", onclick }, mark, word);
  return {
    button,
    update: (line) => {
      button.disabled = line.state !== "open";
      if (mark.childElementCount > 0 && line.isMuted === isMuted) return;
      isMuted = line.isMuted;
      mark.replaceChildren(icon(isMuted ? "mic-off" : "mic"));
      button.setAttribute("aria-pressed", String(isMuted));
      write(word, isMuted ? "Muted" : "Mute");
    },
  };
}

/**
 * @param {Switchroom} phone
 * @param {string} id
 * @returns {Control}
 */
function keys(phone, id) {
  const panel = keypad((digit) => order(() => phone.sendDigits(digit, id)));
  panel.hidden = true;
  const onclick = () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("button").focus();
  };
  const properties = { type: "button", "data-test": "toggle-dialpad", "aria-expanded": "false", onclick };
  const button = h("button", properties, icon("keys"), "Keys");
  return { button, panel, update: (line) => void (button.disabled = line.state !== "open") };
}

/**
 * @param {Switchroom} phone
 * @param {string} id
 * @returns {Control}
 */
function hangUp(phone, id) {
  const onclick = meant(() => order(() => phone.hangUp(id)));
  return { button: h("button.decline", { type: "button", "data-test": "hangup", onclick }, icon("phone"), "Hang up") };
}
