import { banner, order } from "./banner.js";
import { countFrom } from "./clock.js";
import { $, h, write } from "./dom.js";
import { STATUS, initials, outsideCalls } from "./format.js";
import { say } from "./say.js";

/** @typedef {import("../switchroom.js").Switchroom} Switchroom */

/**
 * Registration, status, and what cannot be mended without the agent.
 *
 * @param {Switchroom} room
 */
export function mountHeader(room) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-status]")]);
  /** The status that was asked for and is not confirmed yet. @type {string | null} */
  let asked = null;

  const showStatus = () => {
    const me = room.status;
    const byHand = asked ?? outsideCalls(me);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.status === byHand));
    }
    if (!me) return;
    write($("my-name"), me.name ?? "You");
    write($("my-avatar"), initials(me.name));
    $("my-status").replaceChildren(...statusWords(room, me));
    $("end-wrap-up").hidden = me.status !== "wrap_up";
  };

  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const status = /** @type {any} */ (button.dataset.status);
      asked = status;
      showStatus();
      await order(async () => {
        await room.setStatus(status);
        say(`You are ${STATUS[status].toLowerCase()}`);
      }, "Your status was not changed");
      asked = null;
      showStatus();
    });
  }
  $("end-wrap-up").addEventListener("click", () => order(() => room.endWrapUp()));
  $("take-over").addEventListener("click", async () => {
    const isHere = await room.takeOver();
    if (!isHere) say("The other tab has a call. Take over when it is finished.");
    write(
      document.querySelector("[data-test=leader]") ?? $("elsewhere"),
      isHere ? ELSEWHERE : "The other tab has a call. You can use it from here, and take over afterwards.",
    );
  });
  room.on("status", showStatus);
  room.on("agents", showStatus);
  room.on("registration", () => showRegistration(room));
  room.on("leading", (isLeading) => {
    $("elsewhere").hidden = isLeading;
    showRegistration(room);
  });
  let unsteady = 0;
  room.on("stream", (state) => {
    clearTimeout(unsteady);
    const text = state === "open" ? "Live" : "Reconnecting…";
    // Two seconds of reconnecting are nobody's concern.
    if (state === "open") write($("stream"), text);
    else unsteady = window.setTimeout(() => write($("stream"), text), 2000);
  });
  showRegistration(room);
}

const ELSEWHERE = "Another tab holds the phone. You can use it from here.";

/**
 * @param {Switchroom} room
 * @param {import("../switchroom.js").Agent} me
 */
function statusWords(room, me) {
  const time = h("time");
  countFrom(time, me.since ? Date.parse(me.since) - (room.now - Date.now()) : null);
  const isCall = me.status === "busy" || me.status === "offered" || me.status === "wrap_up";
  const later = isCall && (me.presence === "away" || me.presence === "offline");
  const words = `${STATUS[me.status] ?? me.status}${me.since ? " · " : ""}`;
  return [words, time, ...(later ? [`, then ${me.presence}`] : [])];
}

/** @param {Switchroom} room */
function showRegistration(room) {
  const { state, problem } = room.registration;
  const pill = $("registration");
  pill.dataset.state = state;
  write(pill, WORDS[state]);
  showProblem(room);
}

/** @param {Switchroom} room */
function showProblem(room) {
  const { state, problem } = room.registration;
  const isShown = problem !== null && (state !== "registered" || problem.isFinal);
  const key = !isShown ? null : state === "failed" || problem.isFinal ? "stopped" : "unsteady";
  if (key && problem) {
    const text = [problem.title, problem.hint].filter(Boolean).join(" ");
    banner.set(key, { kind: state === "failed" ? "bad" : "warn", text, act: remedy(room, problem) });
  }
  if (key !== "stopped") banner.clear("stopped");
  if (key !== "unsteady") banner.clear("unsteady");
  // The state that follows a refused order explains more than the refusal did.
  banner.clear("order");
}

/**
 * What the agent can do about a problem.
 *
 * @param {Switchroom} room
 * @param {import("../switchroom.js").Problem} problem
 */
function remedy(room, { code, isFinal }) {
  if (!isFinal) return { label: "Try now", run: () => room.retry() };
  return code === "insecure" ? undefined : { label: "Sign in again", run: signInAgain };
}

function signInAgain() {
  sessionStorage.removeItem("switchroom:session");
  location.reload();
}

/** @type {Record<string, string>} */
const WORDS = {
  starting: "starting",
  registering: "connecting",
  registered: "registered",
  unregistered: "reconnecting",
  failed: "not connected",
};
