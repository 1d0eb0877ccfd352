import { isIncoming } from "../lib/line.js";
import { order } from "./banner.js";
import { $, h } from "./dom.js";

/**
 * The keyboard shortcuts. Single keys work outside of text fields, and can be switched off.
 *
 * @param {import("../switchroom.js").Switchroom} phone
 */
export function mountKeys(phone) {
  /** The call that D declines, and when it took the place of another one. */
  let [first, replacedAt] = ["", 0];
  phone.on("lines", (lines) => {
    const now = lines.find(isIncoming)?.id ?? "";
    if (now !== first && now !== "" && first !== "") replacedAt = Date.now();
    first = now;
  });
  const open = () => phone.lines.find((line) => line.state === "open");
  /** @type {Record<string, () => void>} */
  const actions = {
    // The card asks first, if there is another call.
    a: () => /** @type {HTMLElement | null} */ (document.querySelector("[data-test=answer]"))?.click(),
    d: () => {
      // The caller that it was meant for has gone, and another one is first now.
      if (Date.now() - replacedAt > MOMENT) void order(() => phone.decline());
    },
    h: () => void order(() => phone.hangUp()),
    m: () => void order(() => phone.mute(!open()?.isMuted)),
    k: () => /** @type {HTMLElement | null} */ (document.querySelector("[data-test=toggle-dialpad]"))?.click(),
    n: () => $("dial-number").focus(),
    t: () => $("tab-team").click(),
    c: () => $("tab-calls").click(),
    s: () => $("open-settings").click(),
  };
  const box = $("keys-on");
  box.checked = localStorage.getItem(KEY) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEY, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = /** @type {HTMLElement} */ (event.target);
    // Until the next frame, the focus may be left in a dialog that was closed.
    const isLeft = target.closest("dialog:not([open])") !== null;
    if (!isLeft && target.closest("input, select, textarea, dialog")) return;
    const digit = document.querySelector(`.pad:not([hidden]) [data-digit="${CSS.escape(event.key)}"]`);
    const action = digit ? () => /** @type {HTMLElement} */ (digit).click() : actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
  const rows = KEYS.flatMap(([keys, what]) => [
    h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, key))),
    h("dd", {}, what),
  ]);
  $("keys").replaceChildren(...rows);
}

/** Milliseconds. */
const MOMENT = 1000;

const KEY = "switchroom:keys";

/** @type {[string, string][]} */
const KEYS = [
  ["A", "Answer"],
  ["D", "Decline"],
  ["H", "Hang up"],
  ["M", "Mute, and unmute"],
  ["K", "Dial pad; then 0 to 9 * #"],
  ["N", "Call a number"],
  ["T C", "Team, calls"],
  ["S", "Settings"],
];
