import { $, h, write } from "../dom.js";
import { duration } from "../format.js";
import { who } from "./who.js";
import { say } from "../say.js";

/**
 * Says why the last call ended, until it is dismissed or the next call comes.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 */
export function mountEnded(phone) {
  const notice = $("ended");
  phone.on("ended", ({ line, text }) => {
    const length = line.answeredAt === null ? "" : `, ${duration(Date.now() - line.answeredAt)}`;
    write($("ended-text"), text);
    // A name may be written from right to left; what follows it is not.
    $("ended-who").replaceChildren(h("bdi", {}, who(line)), length);
    notice.hidden = false;
    say(`${text}. ${who(line)}`);
  });
  const hide = () => (notice.hidden = true);
  /** @type {Set<string>} */
  let known = new Set();
  phone.on("lines", (lines) => {
    if (lines.some(({ id }) => !known.has(id))) hide();
    known = new Set(lines.map(({ id }) => id));
  });
  $("ended-close").addEventListener("click", () => {
    hide();
    $("my-name").focus();
  });
}
