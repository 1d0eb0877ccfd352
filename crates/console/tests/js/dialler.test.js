import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { mountDialler } from "../../assets/page/phone/dialler.js";
import { turns } from "./fakes.js";

/** An element, as far as the dialler uses one. */
class Element extends EventTarget {
  value = "";
  textContent = "";
  attributes = {};
  focused = 0;

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  focus() {
    this.focused += 1;
  }
}

const BERLIN = { allowed: true, e164: "+4930123456", text: "030 123456", international: "+49 30 123456", country: "DE", extension: null, reason: null, sentence: null };
const HELP = { allowed: false, reason: "emergency_number", sentence: "This is an emergency number." };
const SHORT = { allowed: false, reason: "not_a_number", sentence: "This is not a whole phone number. (the number is too short)" };

let page;

/** The dialler in a page, with a server that answers when it is told to. */
function mount() {
  const ids = ["dial-number", "dial-shown", "dial-problem", "dialler", "dial"];
  const elements = Object.fromEntries(ids.map((id) => [id, new Element()]));
  globalThis.document = { getElementById: (id) => elements[id] };
  const asked = [];
  const dialled = [];
  let changed = () => {};
  const phone = {
    readiness: { isReady: true },
    on: (_name, listener) => (changed = listener),
    readNumber: (text) => new Promise((resolve, reject) => asked.push({ text, resolve, reject })),
    dial: async (number) => {
      if (!number.allowed) throw new Error(number.sentence);
      dialled.push(number);
    },
  };
  mountDialler(phone);
  // The first question has no text: it says whether the server can be asked at all.
  assert.deepEqual(asked.splice(0).map(({ text }) => text), [""]);
  const [input, shown, problem, form] = ids.map((id) => elements[id]);
  const type = (text) => {
    input.value = text;
    input.dispatchEvent(new Event("input"));
  };
  const submit = async () => {
    const event = new Event("submit", { cancelable: true });
    form.dispatchEvent(event);
    assert.ok(event.defaultPrevented, "the page stays");
    await turns();
  };
  const ready = (isReady) => {
    phone.readiness = { isReady };
    changed();
  };
  return { input, shown, problem, asked, dialled, type, submit, ready, button: elements.dial };
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  page = mount();
});
afterEach(() => mock.timers.reset());

test("what will be dialled is shown while it is typed, and is dialled", async () => {
  const { asked, type, shown, problem, input, submit, dialled } = page;
  for (const text of ["0", "03", "030 123456"]) type(text);
  assert.equal(asked.length, 0, "nobody is asked between two keys");
  mock.timers.tick(150);
  assert.deepEqual(asked.map(({ text }) => text), ["030 123456"]);
  asked[0].resolve(BERLIN);
  await turns();
  assert.equal(shown.textContent, "Will call +49 30 123456 (DE)");
  assert.equal(problem.textContent, "");
  await submit();
  assert.equal(asked.length, 1, "what is shown is not asked for again");
  assert.deepEqual(dialled, [BERLIN]);
  assert.deepEqual([input.value, shown.textContent], ["", ""]);
});

test("an extension is named, because it is not dialled", async () => {
  page.type("030 123456 DW 22");
  mock.timers.tick(150);
  page.asked[0].resolve({ ...BERLIN, extension: "22" });
  await turns();
  assert.equal(page.shown.textContent, "Will call +49 30 123456 (DE), without the extension 22");
});

test("the answer about an earlier text is not shown", async () => {
  const { asked, type, shown } = page;
  type("030 123456");
  mock.timers.tick(150);
  type("110");
  mock.timers.tick(150);
  asked[1].resolve(HELP);
  asked[0].resolve(BERLIN);
  await turns();
  assert.equal(shown.textContent, "");
  assert.equal(page.problem.textContent, HELP.sentence);
  assert.equal(page.input.attributes["aria-invalid"], "true");
});

test("what may become a number is no problem yet, and one when it is dialled", async () => {
  page.type("030");
  mock.timers.tick(150);
  page.asked[0].resolve(SHORT);
  await turns();
  assert.deepEqual([page.shown.textContent, page.problem.textContent], ["", ""]);
  assert.equal(page.input.attributes["aria-invalid"], "false");
  await page.submit();
  assert.equal(page.problem.textContent, SHORT.sentence);
  assert.deepEqual([page.dialled, page.input.value, page.input.focused], [[], "030", 1]);
});

test("a quick hand dials what the server reads, without a preview", async () => {
  page.type("030 123456");
  const submitted = page.submit();
  page.asked[0].resolve(BERLIN);
  await submitted;
  await turns();
  assert.deepEqual(page.dialled, [BERLIN]);
  mock.timers.tick(1000);
  assert.equal(page.asked.length, 1);
});

test("a preview that fails says nothing, and the number is asked for again when it is dialled", async () => {
  page.type("030 123456");
  mock.timers.tick(150);
  page.asked[0].reject(new Error("The server is not there."));
  await turns();
  assert.deepEqual([page.shown.textContent, page.problem.textContent], ["", ""]);
  const submitted = page.submit();
  assert.equal(page.asked.length, 2);
  page.asked[1].reject(new Error("The server is not there."));
  await submitted;
  await turns();
  assert.equal(page.problem.textContent, "The server is not there.");
  assert.deepEqual(page.dialled, []);
  const again = page.submit();
  assert.equal(page.asked.length, 3, "a server that came back is asked");
  page.asked[2].resolve(BERLIN);
  await again;
  await turns();
  assert.deepEqual(page.dialled, [BERLIN]);
});

test("without a number nothing is dialled, and the field is where the hand was", async () => {
  page.type(" ");
  mock.timers.tick(1000);
  await page.submit();
  assert.deepEqual([page.asked, page.dialled], [[], []]);
  assert.equal(page.problem.textContent, "Type a number.");
  assert.equal(page.input.focused, 1);
});

test("nothing can be dialled while calls cannot be placed", () => {
  const { ready, button } = page;
  assert.equal(button.disabled, false);
  ready(false);
  assert.equal(button.disabled, true);
  ready(true);
  assert.equal(button.disabled, false);
});
