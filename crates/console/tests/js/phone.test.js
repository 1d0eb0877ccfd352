import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Digits } from "../../assets/lib/digits.js";
import { Orders } from "../../assets/lib/orders.js";
import { Phone } from "../../assets/lib/phone.js";
import { Reload } from "../../assets/lib/reload.js";
import { wantsRing } from "../../assets/lib/ringer.js";
import { FakeCall, FakeDevice, browser, turns } from "./fakes.js";

/** @type {Map<string, string>} */
let stored;
beforeEach(() => void (stored = browser()));

/** A phone with the SDK's fake, started and registered. */
async function started(context) {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 });
  const config = { signalling: null, publish_events: false };
  context.mock.method(globalThis, "fetch", async () => Response.json(config));
  const devices = [];
  const Device = class extends FakeDevice {
    constructor(token, options) {
      super(token);
      devices.push(Object.assign(this, { options }));
    }
  };
  const phone = new Phone({
    base: "https://voice.example.com",
    tokens: { isDue: false, get: async () => ({ token: "t", edge: "dublin" }) },
    audio: { choice: { microphone: "", speaker: "", ringer: "" }, constraints: {}, open: () => {} },
    reload: new Reload("acme:ana"),
    ringEnds: { why: async () => ({ reason: "unknown", by: null }) },
    records: { find: async () => null },
    Device,
    ring: false,
  });
  const heard = [];
  for (const name of ["registration", "lines", "ringing", "answered", "ended", "blocked"]) {
    phone.on(name, () => heard.push(name));
  }
  phone.start();
  // The answer to a request takes more than microtasks.
  for (let at = 0; at < 5; at += 1) await new Promise((done) => setImmediate(done));
  return { phone, devices, heard };
}

const ringing = () => new FakeCall({ parameters: { CallSid: "CA1" }, connectToken: "t1" });

test("the phone joins the device and the lines", async (context) => {
  const { phone, devices, heard } = await started(context);
  assert.equal(devices[0].options.allowIncomingWhileBusy, false);
  assert.equal(devices[0].options.edge, "dublin");
  devices[0].becomes("registered");
  assert.equal(phone.registration.state, "registered");
  const call = ringing();
  devices[0].emit("incoming", call);
  phone.answer("CA1");
  call.emit("accept");
  phone.hangUp("CA1");
  context.mock.timers.tick(0);
  await turns();
  assert.deepEqual([...new Set(heard)], ["lines", "registration", "ringing", "answered", "ended"]);
});

test("a page that closes leaves the calls that the next one can resume, and ends all others", async (context) => {
  for (const hasCall of [true, false]) {
    const { phone, devices } = await started(context);
    if (hasCall) devices[0].emit("incoming", ringing());
    window.dispatchEvent(new Event("pagehide"));
    assert.deepEqual([devices[0].isDestroyed, stored.size], [!hasCall, hasCall ? 1 : 0]);
    phone.stop();
    assert.deepEqual([devices[0].isDestroyed, stored.size], [true, 0], "a phone that is stopped keeps nothing");
    context.mock.reset();
    context.mock.timers.reset();
  }
});

test("the ring tone sounds for a ring here, unless the agent talks", () => {
  const line = (state, direction = "inbound") => ({ state, direction });
  const cases = [
    [[], false],
    [[line("ringing")], true],
    [[line("ringing", "outbound")], false],
    [[line("ringing"), line("open")], false],
    [[line("ringing"), line("connecting")], false],
    [[line("ringing"), line("reconnecting")], true],
  ];
  for (const [lines, want] of cases) assert.equal(wantsRing(lines), want, JSON.stringify(lines));
});

test("digits that wait are sent together, well after those before them have sounded", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const pressed = [];
  const digits = new Digits((id, some) => {
    pressed.push(`${id} ${some}`);
    if (some.startsWith("2")) throw new Error("the call has ended");
  });
  const passes = async (pause) => {
    context.mock.timers.tick(pause);
    await turns();
  };
  assert.throws(() => digits.send("a", "1a"), /0 to 9/);
  for (const digit of "1*#w23") digits.send("a", digit);
  digits.send("b", "4");
  const steps = [
    [0, ["a 1"]],
    [729, ["a 1"]],
    [1, ["a 1", "a *#"]],
    [960, ["a 1", "a *#"]],
    [499, ["a 1", "a *#"]],
    [1, ["a 1", "a *#", "a 23"]],
    [960, ["a 1", "a *#", "a 23", "b 4"]],
    [10_000, ["a 1", "a *#", "a 23", "b 4"]],
  ];
  for (const [pause, want] of steps) {
    await passes(pause);
    assert.deepEqual(pressed, want);
  }
  digits.send("a", "5");
  assert.equal(pressed.at(-1), "a 5", "at once where nothing sounds");
});

test("an order to another tab is answered, refused, or not heard", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const leader = new Orders((message) => follower.settle(message));
  const carryOut = (name, [value]) => {
    if (name === "dial") throw new Error("Another call is in progress.");
    return `${name} ${value}`;
  };
  let isThere = true;
  const follower = new Orders((message) => isThere && void leader.obey({ ...message, from: "2" }, carryOut));
  assert.equal(await follower.give("answer", ["CA1"]), "answer CA1");
  await assert.rejects(follower.give("dial", ["+49"]), /Another call/);
  isThere = false;
  const lost = assert.rejects(follower.give("answer", ["CA1"]), /does not respond/);
  context.mock.timers.tick(5000);
  await lost;
});
