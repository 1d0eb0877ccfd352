import { $, write } from "../dom.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */

/**
 * Says, while there is no call, whether one would ring here.
 *
 * @param {Switchroom} room
 */
export function mountIdle(room) {
  const show = () => showIdle(room);
  room.on("lines", show);
  room.on("status", show);
  room.on("registration", show);
  show();
}

/** @param {Switchroom} room */
function showIdle(room) {
  const idle = $("idle");
  idle.hidden = room.lines.length > 0;
  const status = room.status?.status ?? "unknown";
  const { state } = room.registration;
  const words = state === "failed" ? "" : "Connecting to the phone network…";
  write(idle, state === "registered" ? (IDLE[status] ?? "") : words);
}

/** @type {Record<string, string>} */
const IDLE = {
  available: "Ready. Calls ring here.",
  unknown: "Ready. Calls ring here.",
  away: "You are away. Calls ring others.",
  offline: "You are offline. Calls ring others.",
  wrap_up: "Finishing up. The next call waits until you are ready.",
};
