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
  phone.on("registration", show);
  show();
}

/** @param {Switchroom} phone */
function showIdle(phone) {
  const idle = $("idle");
  idle.hidden = phone.lines.length > 0;
  const status = phone.status?.status ?? "unknown";
  const { state } = phone.registration;
  const words = state === "failed" ? "" : "Connecting to the phone network…";
  write(idle, state === "registered" ? (IDLE[status] ?? "") : words);
}

/** @type {Record<string, string>} */
const IDLE = {
  available: "Ready. Calls ring here.",
  unknown: "Ready. Calls ring here.",
  away: "You are away. Calls ring for others.",
  offline: "You are offline. Calls ring for others.",
  wrap_up: "Finishing up. The next call waits until you are ready.",
};
