import { $, write } from "../dom.js";

/**
 * Calls a number. While it is typed, the server says what will be dialled; that is what is dialled.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 */
export function mountDialler(phone) {
  const [input, shown, problem] = [$("dial-number"), $("dial-shown"), $("dial-problem")];
  /** What was asked last, and its answer. @type {{ text: string, number: Promise<import("../../switchroom.js").ReadNumber> }} */
  let asked = { text: "", number: phone.readNumber("").catch(() => none) };
  let timer = 0;

  const say = (/** @type {string} */ will, /** @type {string} */ refused) => {
    write(shown, will);
    write(problem, refused);
    input.setAttribute("aria-invalid", String(refused !== ""));
  };
  const read = (/** @type {string} */ text) => {
    if (asked.text !== text) asked = { text, number: phone.readNumber(text) };
    return asked.number;
  };
  const preview = async () => {
    const text = input.value;
    try {
      const number = await read(text);
      if (input.value === text) say(number.allowed ? willDial(number) : "", isHopeless(number) ? (number.sentence ?? "") : "");
    } catch {
      // It is asked again when the number is called.
      asked = { text: "", number: Promise.resolve(none) };
    }
  };

  const allow = () => ($("dial").disabled = !phone.readiness.isReady);
  phone.on("readiness", allow);
  allow();
  input.addEventListener("input", () => {
    say("", "");
    clearTimeout(timer);
    if (input.value.trim() !== "") timer = setTimeout(preview, PAUSE);
  });
  $("dialler").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (input.value.trim() === "") {
      say("", "Type a number.");
      return input.focus();
    }
    try {
      await phone.dial(await read(input.value));
      input.value = "";
      say("", "");
    } catch (error) {
      // It is asked again when the number is called again.
      asked = { text: "", number: Promise.resolve(none) };
      say("", /** @type {Error} */ (error).message);
      input.focus();
    }
  });
}

/** The answer when nothing was asked. */
const none = /** @type {import("../../switchroom.js").ReadNumber} */ ({ allowed: false });

/** The number that will be dialled, in words. @param {import("../../switchroom.js").ReadNumber} number */
function willDial({ international, country, extension }) {
  const where = country ? ` (${country})` : "";
  return `Will call ${international}${where}${extension ? `, without the extension ${extension}` : ""}`;
}

/** Whether more digits do not help. @param {import("../../switchroom.js").ReadNumber} number */
const isHopeless = ({ allowed, reason }) => !allowed && reason !== "not_a_number" && reason !== "short_number" && reason !== "number_not_in_use";

/** Milliseconds without a key before the server is asked. */
const PAUSE = 150;
