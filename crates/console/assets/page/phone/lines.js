import { formatNumber, whySentence } from "../../switchroom.js";
import { order } from "../banner.js";
import { countFrom } from "../clock.js";
import { $, h, icon, keyed, write } from "../dom.js";
import { keypad } from "./keypad.js";
import { callOut } from "../say.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * The cards of this agent's calls: those that ring, and the one that goes on.
 *
 * @param {Switchroom} room
 */
export function mountLines(room) {
  const list = $("lines");
  const show = () => {
    const hadFocus = list.contains(document.activeElement);
    const key = (/** @type {Line} */ line) => `${line.id} ${isIncoming(line)}`;
    const create = (/** @type {Line} */ line) => (isIncoming(line) ? incomingCard(room, line) : callCard(room, line));
    keyed(list, room.lines, key, create, (card, line) => card.update(line));
    const isIdle = room.lines.length === 0;
    $("dialler").hidden = !isIdle;
    showIdle(room);
    if (hadFocus && !list.contains(document.activeElement)) {
      (list.querySelector("button") ?? $("my-name")).focus();
    }
  };
  room.on("lines", show);
  room.on("status", () => showIdle(room));
  room.on("registration", () => showIdle(room));
  room.on("ringing", (line) => {
    const why = whySentence(line.why);
    callOut(`Incoming call from ${who(line)}. ${why}. Press A to answer, D to decline.`);
    // Nobody's typing is disturbed.
    if (document.activeElement === document.body) {
      /** @type {HTMLElement | null} */ (list.querySelector("[data-test=answer]"))?.focus();
    }
  });
  show();
}

/** @param {Line} line */
export const who = (line) => line.name ?? formatNumber(line.number);

/** @param {Line} line */
const isIncoming = (line) => line.state === "ringing" && line.direction === "inbound";

/**
 * @param {Switchroom} room
 * @param {Line} line
 */
function incomingCard(room, { id, since }) {
  const time = h("time");
  countFrom(time, since);
  const name = h("p.who", { "data-test": "incoming-name" });
  const number = h("p.number", { "data-test": "incoming-number" });
  const why = h("p.why", { "data-test": "incoming-why" });
  const card = h(
    "article.line.incoming",
    { "data-test": "incoming-card", "aria-label": "Incoming call" },
    h("header", {}, h("span", {}, "Incoming call"), time),
    h("div", {}, name, number),
    why,
    h(
      "div.two",
      {},
      h("button.decline", { type: "button", "data-test": "decline", onclick: () => order(() => room.decline(id)) }, icon("phone"), "Decline"),
      h("button.answer", { type: "button", "data-test": "answer", onclick: () => order(() => room.answer(id)) }, icon("phone"), "Answer"),
    ),
  );
  card.update = (/** @type {Line} */ line) => {
    write(name, line.name ?? (line.number ? "Unknown caller" : "Withheld number"));
    write(number, formatNumber(line.number));
    const words = whySentence(line.why);
    write(why, words);
    why.hidden = words === "";
  };
  return card;
}

/**
 * @param {Switchroom} room
 * @param {Line} line
 */
function callCard(room, { id }) {
  const state = h("span");
  const name = h("p.who", { "data-test": "call-name" });
  const number = h("p.number", { "data-test": "call-number" });
  const timer = h("time.timer", { "data-test": "call-timer" });
  const trouble = h("p.trouble", { role: "status", "data-test": "call-trouble" });
  const muteWord = h("span");
  const muteIcon = h("span", { "aria-hidden": "true" });
  let isMuted = false;
  const mute = h(
    "button",
    { type: "button", "data-test": "mute", "aria-pressed": "false", onclick: () => order(() => room.mute(!isMuted, id)) },
    muteIcon,
    muteWord,
  );
  const pad = keypad((digit) => order(() => room.sendDigits(digit, id)));
  pad.hidden = true;
  const keys = h(
    "button",
    {
      type: "button",
      "data-test": "toggle-dialpad",
      "aria-expanded": "false",
      onclick: () => {
        pad.hidden = !pad.hidden;
        keys.setAttribute("aria-expanded", String(!pad.hidden));
        if (!pad.hidden) pad.querySelector("button").focus();
      },
    },
    icon("keys"),
    "Keys",
  );
  const hangUp = h("button.decline", { type: "button", "data-test": "hangup", onclick: () => order(() => room.hangUp(id)) }, icon("phone"), "Hang up");
  const card = h(
    "article.line",
    { "data-test": "active-call", "aria-label": "Call" },
    h("header", {}, state, timer),
    h("div", {}, name, number),
    trouble,
    pad,
    h("div.three", {}, mute, keys, hangUp),
  );
  card.update = (/** @type {Line} */ line) => {
    write(state, stateWords(line));
    write(name, line.name ?? formatNumber(line.number));
    write(number, line.name ? formatNumber(line.number) : "");
    if (line.answeredAt === null) countFrom(timer, null);
    else if (timer.dataset.since !== String(line.answeredAt)) countFrom(timer, line.answeredAt);
    write(trouble, line.trouble ?? "");
    trouble.hidden = !line.trouble;
    const isOpen = line.state === "open";
    mute.disabled = !isOpen;
    keys.disabled = !isOpen;
    if (muteIcon.childElementCount === 0 || line.isMuted !== isMuted) {
      isMuted = line.isMuted;
      muteIcon.replaceChildren(icon(isMuted ? "mic-off" : "mic"));
      mute.setAttribute("aria-pressed", String(isMuted));
      write(muteWord, isMuted ? "Muted" : "Mute");
    }
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

/** @param {Switchroom} room */
function showIdle(room) {
  const idle = $("idle");
  idle.hidden = room.lines.length > 0;
  const status = room.status?.status ?? "unknown";
  const isReady = room.registration.state === "registered";
  write(idle, isReady ? (IDLE[status] ?? "") : room.registration.state === "failed" ? "" : "Connecting to the phone network…");
}

/** @type {Record<string, string>} */
const IDLE = {
  available: "Ready. Calls ring here.",
  unknown: "Ready. Calls ring here.",
  away: "You are away. Calls ring others.",
  offline: "You are offline. Calls ring others.",
  wrap_up: "Finishing up. The next call waits until you are ready.",
};
