import { isIncoming } from "../../lib/line.js";
import { whySentence } from "../../switchroom.js";
import { $, keyed } from "../dom.js";
import { callOut } from "../say.js";
import { callCard } from "./call-card.js";
import { mountIdle } from "./idle.js";
import { incomingCard } from "./incoming-card.js";
import { who } from "./who.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * The cards of this agent's calls: those that ring, and the one in progress.
 *
 * @param {Switchroom} phone
 */
export function mountCards(phone) {
  const list = $("lines");
  const show = () => {
    const focused = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest("#lines > .line"));
    const key = (/** @type {Line} */ line) => `${line.id} ${isIncoming(line)}`;
    const create = (/** @type {Line} */ line) => (isIncoming(line) ? incomingCard(phone, line) : callCard(phone, line));
    keyed(list, phone.lines, key, create, (card, line) => card.update(line));
    // What somebody types stays when a call rings.
    $("dialler").hidden = phone.lines.some((line) => !isIncoming(line));
    // The focus goes to a card and not to one of its buttons, which the next key would press: first to the
    // card of the same call.
    if (focused && !list.contains(document.activeElement)) {
      const [line] = String(focused.dataset.key).split(" ");
      const card = [...list.children].find(({ dataset }) => dataset.key.startsWith(`${line} `));
      (card ?? list.firstElementChild ?? $("my-name")).focus();
    }
  };
  phone.on("lines", show);
  phone.on("ringing", (line) => {
    const why = whySentence(line.why);
    callOut(`Incoming call from ${who(line)}. ${why}. Press A to answer, D to decline.`);
    // The focus is not taken from somebody who types.
    if (document.activeElement === document.body) {
      /** @type {HTMLElement | null} */ (list.querySelector("[data-test=answer]"))?.focus();
    }
  });
  show();
  mountIdle(phone);
}
