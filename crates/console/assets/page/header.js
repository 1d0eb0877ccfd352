import { banner, order } from "./banner.js";
import { countFrom } from "./clock.js";
import { $, h, write } from "./dom.js";
import { STATUS, initials, outsideCalls } from "./format.js";
import { say } from "./say.js";

/** @typedef {import("../switchroom.js").Switchroom} Switchroom */

/**
 * The registration, the agent's status, and problems that the agent must know about.
 *
 * @param {Switchroom} phone
 */
export function mountHeader(phone) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-status]")]);
  /** The status that was requested and is not confirmed yet. @type {string | null} */
  let asked = null;

  const showStatus = () => {
    const me = phone.status;
    const byHand = asked ?? outsideCalls(me);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.status === byHand));
    }
    if (!me) return;
    write($("my-name"), me.name ?? "You");
    write($("my-avatar"), initials(me.name));
    $("my-status").replaceChildren(...(isStuck(phone) ? ["Not ready"] : statusWords(phone, me)));
    $("end-wrap-up").hidden = me.status !== "wrap_up";
  };

  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const status = /** @type {"available" | "away" | "offline"} */ (button.dataset.status);
      asked = status;
      showStatus();
      await order(async () => {
        await phone.setStatus(status);
        say(`You are ${STATUS[status].toLowerCase()}`);
      }, "Your status was not changed");
      asked = null;
      showStatus();
    });
  }
  $("end-wrap-up").addEventListener("click", () => order(() => phone.endWrapUp()));
  $("take-over").addEventListener("click", async () => {
    const isHere = await phone.takeOver();
    if (!isHere) say("The other tab has a call. Take over when the call has ended.");
    write(
      document.querySelector("[data-test=leader]") ?? $("elsewhere"),
      isHere ? ELSEWHERE : "The other tab has a call. You can use it from here, and take over afterwards.",
    );
  });
  phone.on("status", showStatus);
  phone.on("agents", showStatus);
  const showReadiness = () => {
    showState(phone);
    showStatus();
  };
  phone.on("readiness", showReadiness);
  phone.on("registration", () => showProblem(phone));
  phone.on("leading", (isLeading) => {
    $("elsewhere").hidden = isLeading;
    showReadiness();
  });
  let unsteady = 0;
  phone.on("stream", (state) => {
    clearTimeout(unsteady);
    const text = state === "open" ? "Live" : "Reconnecting…";
    // A reconnection within two seconds is not shown.
    if (state === "open") write($("stream"), text);
    else unsteady = window.setTimeout(() => write($("stream"), text), 2000);
  });
  showReadiness();
}

const ELSEWHERE = "Another tab has the phone. You can use it from here.";

/**
 * Whether no call rings here, whatever the agent has set; not while the page still connects.
 *
 * @param {Switchroom} phone
 */
const isStuck = ({ readiness, lines }) => !readiness.isReady && readiness.code !== "starting" && lines.length === 0;

/**
 * @param {Switchroom} phone
 * @param {import("../switchroom.js").Agent} me
 */
function statusWords(phone, me) {
  const time = h("time");
  countFrom(time, me.since ? Date.parse(me.since) - (phone.now - Date.now()) : null);
  const isCall = me.status === "busy" || me.status === "offered" || me.status === "wrap_up";
  const later = isCall && (me.presence === "away" || me.presence === "offline");
  // The server hears only in a moment that this page is ready.
  if (me.not_ready) return ["Connecting"];
  const words = `${STATUS[me.status] ?? me.status}${me.since ? " · " : ""}`;
  return [words, time, ...(later ? [`, then ${me.presence}`] : [])];
}

/** @param {Switchroom} phone */
function showState(phone) {
  const { isReady, code } = phone.readiness;
  const pill = $("registration");
  pill.dataset.state = isReady ? "ready" : code === "starting" ? "starting" : "not-ready";
  write(pill, isReady ? "Ready" : code === "starting" ? "Connecting" : "Not ready");
  showProblem(phone);
}

/** @param {Switchroom} phone */
function showProblem(phone) {
  const { isReady, code, text, fix } = phone.readiness;
  const { problem } = phone.registration;
  const key = isReady || code === "starting" ? null : STOPPED.includes(code) ? "stopped" : "unsteady";
  if (key) {
    const words = [text, fix].filter(Boolean).join(" ");
    banner.set(key, { kind: key === "stopped" ? "bad" : "warn", text: words, act: remedy(phone, code, problem) });
  }
  if (key !== "stopped") banner.clear("stopped");
  if (key !== "unsteady") banner.clear("unsteady");
  // The state that follows a refused order explains more than the refusal did.
  banner.clear("order");
}

/** What does not end by itself. @type {import("../lib/readiness.js").ReadinessCode[]} */
const STOPPED = ["insecure", "session", "refused", "microphone_denied", "microphone_missing"];

/**
 * What the agent can do with a button.
 *
 * @param {Switchroom} phone
 * @param {import("../lib/readiness.js").ReadinessCode} code
 * @param {import("../switchroom.js").Problem | null} problem
 */
function remedy(phone, code, problem) {
  if (code === "session" || code === "refused") return { label: "Sign in again", run: signInAgain };
  if (code === "server" || (code === "phone" && problem)) return { label: "Try now", run: () => phone.retry() };
  return undefined;
}

function signInAgain() {
  sessionStorage.removeItem("switchroom:session");
  location.reload();
}
