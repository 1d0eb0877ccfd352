import { isInProgress } from "../../lib/line.js";
import { formatNumber, whySentence } from "../../switchroom.js";
import { order } from "../banner.js";
import { countFrom } from "../clock.js";
import { h, icon, write } from "../dom.js";
import { meant } from "../press.js";
import { who } from "./who.js";

/** @typedef {import("../../switchroom.js").Line} Line */

/**
 * The card of a call that rings here. During another call, Answer asks whether that one may end.
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
  const question = h("p", { "data-test": "answer-question" });
  const keep = h("button", { type: "button", "data-test": "keep-call", onclick: () => ask(false) }, "Keep talking");
  const end = h(
    "button.decline",
    { type: "button", "data-test": "end-and-answer", onclick: meant(() => order(() => phone.answer(id, { endOthers: true }))) },
    "End and answer",
  );
  const asking = h("div.asking", {}, question, h("div.two", {}, end, keep));
  const decline = { type: "button", "data-test": "decline", onclick: meant(() => order(() => phone.decline(id))) };
  const answer = { type: "button", "data-test": "answer", onclick: () => (other() ? ask(true) : order(() => phone.answer(id))) };
  const answerButton = h("button.answer", answer, icon("phone"), "Answer");
  const choice = h("div.two", {}, h("button.decline", decline, icon("phone"), "Decline"), answerButton);
  const other = () => phone.lines.find((line) => line.id !== id && isInProgress(line));
  const ask = (/** @type {boolean} */ isAsked) => {
    const hadFocus = card.contains(document.activeElement);
    asking.hidden = !isAsked;
    choice.hidden = isAsked;
    if (isAsked) write(question, `You are on a call with ${who(/** @type {Line} */ (other()))}. End this call and answer?`);
    // Neither of the two ends anything by itself.
    if (isAsked) keep.focus();
    else if (hadFocus) answerButton.focus();
  };
  asking.hidden = true;
  const card = h(
    "article.line.incoming",
    { "data-test": "incoming-card", tabIndex: -1 },
    h("header", {}, h("span", {}, "Incoming call"), time),
    h("div", {}, name, number),
    why,
    choice,
    asking,
  );
  card.update = (/** @type {Line} */ line) => {
    card.setAttribute("aria-label", `Incoming call from ${who(line)}`);
    write(name, line.name ?? (line.number ? "Unknown caller" : "Withheld number"));
    write(number, line.numberText ?? formatNumber(line.number));
    const words = whySentence(line.why);
    write(why, words);
    why.hidden = words === "";
    if (!asking.hidden && !other()) ask(false);
  };
  return card;
}
