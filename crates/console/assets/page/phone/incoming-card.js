import { formatNumber, whySentence } from "../../switchroom.js";
import { order } from "../banner.js";
import { countFrom } from "../clock.js";
import { h, icon, write } from "../dom.js";

/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * The card of a call that rings here.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 * @param {Line} line
 */
export function incomingCard(phone, { id, since }) {
  const time = h("time");
  countFrom(time, since);
  const name = h("p.who", { "data-test": "incoming-name" });
  const number = h("p.number", { "data-test": "incoming-number" });
  const why = h("p.why", { "data-test": "incoming-why" });
  const decline = { type: "button", "data-test": "decline", onclick: () => order(() => phone.decline(id)) };
  const answer = { type: "button", "data-test": "answer", onclick: () => order(() => phone.answer(id)) };
  const card = h(
    "article.line.incoming",
    { "data-test": "incoming-card", "aria-label": "Incoming call" },
    h("header", {}, h("span", {}, "Incoming call"), time),
    h("div", {}, name, number),
    why,
    h("div.two", {}, h("button.decline", decline, icon("phone"), "Decline"), h("button.answer", answer, icon("phone"), "Answer")),
  );
  card.update = (/** @type {Line} */ line) => {
    write(name, line.name ?? (line.number ? "Unknown caller" : "Withheld number"));
    write(number, line.numberText ?? formatNumber(line.number));
    const words = whySentence(line.why);
    write(why, words);
    why.hidden = words === "";
  };
  return card;
}
