import { $ } from "./dom.js";

/**
 * Says something through a screen reader, after it has finished its sentence.
 *
 * @param {string} text
 */
export const say = (text) => speak("say", text);

/**
 * Says something through a screen reader at once.
 *
 * @param {string} text
 */
export const callOut = (text) => speak("call-out", text);

/**
 * The region is emptied first, so that the same words are read twice.
 *
 * @param {string} id
 * @param {string} text
 */
function speak(id, text) {
  const region = $(id);
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}
