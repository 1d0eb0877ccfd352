import { h, write } from "../dom.js";

/**
 * Twelve keys, and the digits that were pressed.
 *
 * @param {(digit: string) => unknown} press
 * @returns {any}
 */
export function keypad(press) {
  const shown = h("output.pad-shown", { "aria-label": "Digits sent", "data-test": "dialpad-shown" });
  const key = (/** @type {string} */ digit) =>
    h(
      "button",
      {
        type: "button",
        "data-test": `dialpad-${digit}`,
        "data-digit": digit,
        "aria-label": NAMES[digit],
        onclick: () => {
          press(digit);
          write(shown, `${shown.textContent}${digit}`.slice(-24));
        },
      },
      digit,
    );
  return h("div.pad", { role: "group", "aria-label": "Dial pad" }, shown, ...[..."123456789*0#"].map(key));
}

/** @type {Record<string, string>} */
const NAMES = { "*": "Star", "#": "Hash" };
