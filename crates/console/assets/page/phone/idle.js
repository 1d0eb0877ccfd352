import { $, write } from "../dom.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */

/**
 * Says, while there is no call, whether one would ring here.
 *
 * @param {Switchroom} phone
 */
export function mountIdle(phone) {
  const show = () => showIdle(phone);
  phone.on("lines", show);
  phone.on("status", show);
  phone.on("readiness", show);
  show();
}

/** @param {Switchroom} phone */
function showIdle(phone) {
  const idle = $("idle");
  idle.hidden = phone.lines.length > 0;
  const { isReady, code, text } = phone.readiness;
  const status = phone.status?.status ?? "unknown";
  const words = code === "starting" ? text : "Calls do not ring here.";
  write(idle, isReady ? (IDLE[status] ?? "") : words);
}

/** @type {Record<string, string>} */
const IDLE = {
  available: "Ready. Calls ring here.",
  unknown: "Ready. Calls ring here.",
  away: "You are away. Calls ring for others.",
  offline: "You are offline. Calls ring for others.",
  wrap_up: "Finishing up. Calls ring for others until you are ready.",
};
