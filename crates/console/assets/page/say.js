import { $ } from "./dom.js";

/**
 * Tells a screen reader, when it has finished what it says.
 *
 * @param {string} text
 */
export const say = (text) => speak("say", text);

/**
 * Tells a screen reader at once.
 *
 * @param {string} text
 */
export const callOut = (text) => speak("call-out", text);

/**
 * The same words twice are told twice.
 *
 * @param {string} id
 * @param {string} text
 */
function speak(id, text) {
  const region = $(id);
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}
