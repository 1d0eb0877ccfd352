import { parseNumber } from "../../switchroom.js";
import { $, write } from "../dom.js";

/**
 * Calls a number.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 */
export function mountDialler(phone) {
  const input = $("dial-number");
  const problem = $("dial-problem");
  const refuse = (/** @type {string} */ text) => {
    write(problem, text);
    input.setAttribute("aria-invalid", String(text !== ""));
  };
  input.addEventListener("input", () => refuse(""));
  $("dialler").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const parsed = parseNumber(input.value);
    if ("problem" in parsed) {
      refuse(parsed.problem);
      input.focus();
      return;
    }
    try {
      await phone.dial(parsed.number);
      input.value = "";
      refuse("");
    } catch (error) {
      refuse(/** @type {Error} */ (error).message);
    }
  });
}
