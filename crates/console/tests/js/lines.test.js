import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Endings } from "../../assets/lib/endings.js";
import { Lines } from "../../assets/lib/lines.js";
import { Reload } from "../../assets/lib/reload.js";
import { FakeCall, browser, turns } from "./fakes.js";

const CUSTOM = { call_sid: "CA-call", display_name: "Mia" };
const UNKNOWN = { reason: "unknown", by: null };

beforeEach(() => void browser());

/** The lines of an agent, and the answers that the SDK and the server will give. */
function phone(context) {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 });
  const seen = { states: [], events: [], placed: [], isReady: true, record: null, why: UNKNOWN, refuses: null };
  const reload = new Reload("acme:ana");
  const device = {
    get isReady() {
      return seen.isReady;
    },
    constraints: { audio: true },
    async connect(what) {
      if (seen.refuses) throw seen.refuses;
      const call = new FakeCall({ parameters: { CallSid: "CA-out" }, connectToken: "out" });
      seen.placed.push({ what, call });
      return call;
    },
  };
  const record = async (_sid, fits) => (seen.record && fits(seen.record) ? seen.record : null);
  const endings = new Endings({ ringEnds: { why: async () => seen.why }, record });
  const lines = new Lines({ device, reload, endings });
  lines.on("lines", (all) => seen.states.push(all.map(({ state }) => state).join()));
  lines.on("ringing", ({ name }) => seen.events.push(`ringing ${name}`));
  lines.on("answered", () => seen.events.push("answered"));
  lines.on("ended", ({ text }) => seen.events.push(text));
  const state = () => lines.all.map((line) => line.state).join();
  return { lines, reload, seen, state, timers: context.mock.timers };
}

/** A call that rings in this browser. */
function ring({ lines }, legSid = "CA-leg", custom = CUSTOM) {
  const call = new FakeCall({ parameters: { CallSid: legSid, From: "+15005550006" }, custom, connectToken: legSid });
  lines.incoming(call);
  return call;
}

/** A ring that is answered. */
async function talk(parts) {
  const call = ring(parts);
  parts.lines.answer("CA-leg");
  call.emit("accept");
  await turns();
  return call;
}

/** A call that the agent places, connected at the SDK. */
async function dial(parts, record) {
  parts.seen.record = record;
  const { id } = parts.lines.dial("+4930123456", "030 123456");
  await turns();
  const { call } = parts.seen.placed[0];
  call.emit("ringing");
  call.emit("accept");
  await turns();
  return { id, call };
}

/** What the SDK does when a call ends at its other end. */
async function disconnected(parts, call, code = null) {
  call.emit("disconnect");
  if (code) call.emit("error", { code });
  parts.timers.tick(0);
  await turns();
}

test("a call rings, is answered, and talks", async (context) => {
  const parts = phone(context);
  const call = await talk(parts);
  assert.deepEqual(call.done, [["accept", { rtcConstraints: { audio: true } }]]);
  assert.deepEqual(parts.seen.states, ["ringing", "connecting", "open"]);
  assert.deepEqual(parts.seen.events, ["ringing Mia", "answered"]);
  call.emit("reconnecting");
  assert.equal(parts.state(), "reconnecting");
  call.emit("reconnected");
  assert.deepEqual([parts.state(), parts.seen.events.length], ["open", 2], "answered once");
  call.emit("warning", "high-jitter");
  assert.equal(parts.lines.all[0].trouble, "The connection is unsteady");
  call.emit("warning", "something-new");
  assert.equal(parts.lines.all[0].trouble, "The connection is unsteady");
  call.emit("warning-cleared", "high-jitter");
  assert.equal(parts.lines.all[0].trouble, null);
});

test("every end has its reason", async (context) => {
  const out = (outcome) => ({ direction: "outbound", outcome, refusal: null, answered_at: null });
  const cases = {
    "You declined": async (parts) => void ring(parts).reject(),
    "You hung up": async (parts) => {
      await talk(parts);
      parts.lines.hangUp("CA-leg");
    },
    "The caller hung up": async (parts) => disconnected(parts, await talk(parts)),
    "Ana took it": async (parts) => {
      const call = ring(parts);
      parts.seen.why = { reason: "answered", by: "Ana" };
      call.emit("cancel");
    },
    "The ringing stopped": async (parts) => void ring(parts).emit("cancel"),
    "The call failed: the microphone is not allowed": async (parts) => {
      const call = ring(parts);
      parts.lines.answer("CA-leg");
      await disconnected(parts, call, 31401);
    },
    "The connection was lost: the connection to Twilio was closed": async (parts) => {
      const call = await talk(parts);
      call.emit("reconnecting");
      await disconnected(parts, call, 31005);
    },
    "No answer": async (parts) => {
      const { call } = await dial(parts, out("no_answer"));
      await disconnected(parts, call);
    },
    "They hung up": async (parts) => {
      const { call } = await dial(parts, out("in_progress"));
      parts.seen.record = out("completed");
      await disconnected(parts, call);
    },
    "The call failed: there is no connection to Twilio": async (parts) => {
      parts.seen.refuses = { code: 31009 };
      parts.lines.dial("+4930123456");
    },
  };
  for (const [want, play] of Object.entries(cases)) {
    const parts = phone(context);
    await play(parts);
    parts.timers.tick(0);
    await turns();
    assert.deepEqual([parts.seen.events.at(-1), parts.lines.all, parts.lines.hasCalls], [want, [], false], want);
    context.mock.timers.reset();
  }
});

test("the server decides whether an outbound call was answered", async (context) => {
  const cases = [
    ["in_progress", "open", null],
    ["completed", "open", null],
    // Twilio connects the agent only when somebody answers.
    [null, "open", null],
    ["busy", "over", "The line is busy"],
    ["refused", "over", "The call was not placed: you are on another call"],
  ];
  for (const [outcome, state, trouble] of cases) {
    const parts = phone(context);
    const { id, call } = await dial(parts, outcome && { direction: "outbound", outcome, refusal: "on_call" });
    const [line] = parts.lines.all;
    assert.deepEqual([line.state, line.trouble, line.callSid], [state, trouble, "CA-out"], outcome ?? "no word");
    assert.equal(line.answeredAt !== null, state === "open");
    if (state === "over") {
      parts.lines.hangUp(id);
      await disconnected(parts, call);
      assert.equal(parts.seen.events.at(-1), trouble, "hanging up afterwards does not change the reason");
    }
    context.mock.timers.reset();
  }
});

test("an agent has one call at a time", async (context) => {
  const parts = phone(context);
  parts.seen.isReady = false;
  assert.throws(() => parts.lines.dial("+4930123456"), /not connected yet/);
  parts.seen.isReady = true;
  parts.lines.dial("+4930123456");
  assert.throws(() => parts.lines.dial("+4930123456"), /Another call/);
  await turns();
  assert.deepEqual(parts.seen.placed.map(({ what }) => what), [{ params: { To: "+4930123456" } }]);
});

test("a call that is hung up before the SDK has it ends", async (context) => {
  const parts = phone(context);
  const { id } = parts.lines.dial("+4930123456");
  parts.lines.hangUp(id);
  await turns();
  assert.deepEqual([parts.seen.events, parts.lines.hasCalls], [["You hung up"], false]);
  assert.deepEqual(parts.seen.placed[0].call.done, [["disconnect"]]);
});

test("a ring is hung up by declining it, and nothing else is answered", async (context) => {
  const parts = phone(context);
  const call = ring(parts);
  parts.lines.hangUp("CA-leg");
  await turns();
  assert.deepEqual([call.done, parts.seen.events.at(-1)], [[["reject"]], "You declined"]);
  const { id } = parts.lines.dial("+4930123456");
  await turns();
  parts.lines.answer(id);
  parts.lines.answer("CA-nobody");
  assert.deepEqual([parts.seen.placed[0].call.done, parts.state()], [[], "connecting"]);
});

test("an open call is resumed after a reload, muted as it was", async (context) => {
  const parts = phone(context);
  await talk(parts);
  parts.lines.mute("CA-leg", true);
  parts.reload.write(parts.lines.all, Date.now());
  const next = phone(later(context));
  next.lines.restore(next.reload.restore(Date.now()));
  assert.deepEqual([next.state(), next.lines.hasCalls], ["reconnecting", false]);
  next.lines.resume();
  await turns();
  const { what, call } = next.seen.placed[0];
  assert.deepEqual(what, { connectToken: "CA-leg" });
  call.emit("accept");
  assert.deepEqual([next.state(), call.done, next.seen.events], ["open", [["mute", true]], []]);
  next.timers.tick(15_000);
  await turns();
  assert.equal(next.state(), "open");
});

test("a call that cannot be resumed is lost", async (context) => {
  const cases = {
    "it takes too long": async ({ timers, seen }) => {
      timers.tick(15_000);
      await turns();
      assert.deepEqual(seen.placed[0].call.done, [["disconnect"]]);
      timers.tick(0);
      return "The caller hung up";
    },
    "the agent hangs up first": async ({ seen }) => {
      assert.deepEqual(seen.placed[0].call.done, [["disconnect"]]);
      return "You hung up";
    },
    "the SDK refuses": async () => "The connection was lost",
    "there is no device": async () => "The connection was lost",
  };
  for (const [name, play] of Object.entries(cases)) {
    const parts = phone(context);
    await talk(parts);
    parts.reload.write(parts.lines.all, Date.now());
    const next = phone(later(context));
    if (name === "the SDK refuses") next.seen.refuses = new Error("no");
    if (name === "there is no device") next.seen.isReady = false;
    next.lines.restore(next.reload.restore(Date.now()));
    next.lines.resume();
    if (name === "the agent hangs up first") next.lines.hangUp("CA-leg");
    await turns();
    const want = await play(next);
    await turns();
    assert.deepEqual([next.state(), next.seen.events, next.lines.hasCalls], ["", [want], false], name);
    context.mock.timers.reset();
  }
});

test("a ring of an earlier page is answered, or rings again, or is over", async (context) => {
  const live = (leg) => new Map([["CA-call", { legs: [{ leg_sid: "CA-leg", ended_at: null, answered_at: null, ...leg }] }]]);
  const cases = {
    "it is answered with its token": async ({ lines, seen }) => {
      lines.compare(live({}));
      lines.answer("CA-leg");
      await turns();
      assert.deepEqual(seen.placed[0].what, { connectToken: "CA-leg" });
      seen.placed[0].call.emit("accept");
      return ["open", "answered"];
    },
    "it rings again": async (parts) => {
      ring(parts, "CA-other");
      assert.equal(parts.lines.all[0].id, "CA-other");
      return ["ringing", "ringing Mia"];
    },
    "it is declined without the SDK": async ({ lines }) => {
      lines.decline("CA-leg");
      return ["", "You declined"];
    },
    "somebody else answered": async ({ lines, seen }) => {
      seen.why = { reason: "answered", by: "Ana" };
      lines.compare(live({ ended_at: "2030-01-01T00:00:00Z" }));
      return ["", "Ana took it"];
    },
    "the call is gone": async ({ lines }) => {
      lines.compare(new Map());
      return ["", "The ringing stopped"];
    },
  };
  for (const [name, play] of Object.entries(cases)) {
    const parts = phone(context);
    ring(parts);
    parts.reload.write(parts.lines.all, Date.now());
    const next = phone(later(context));
    next.lines.restore(next.reload.restore(Date.now()));
    assert.equal(next.state(), "ringing", name);
    next.lines.resume();
    const [state, event] = await play(next);
    await turns();
    assert.deepEqual([next.state(), next.seen.events.at(-1)], [state, event], name);
    context.mock.timers.reset();
  }
});

test("a ring whose connection is lost is answered with its token", async (context) => {
  const parts = phone(context);
  const call = ring(parts);
  call.emit("transportClose");
  parts.lines.answer("CA-leg");
  await turns();
  assert.deepEqual([call.done, parts.seen.placed[0].what], [[], { connectToken: "CA-leg" }]);
});

test("cleared lines end without an event", async (context) => {
  const parts = phone(context);
  const call = await talk(parts);
  parts.lines.clear();
  await disconnected(parts, call);
  assert.deepEqual([parts.state(), parts.seen.events.length, parts.lines.hasCalls], ["", 2, false]);
});

/** The same test, on the page that is loaded next. */
function later(context) {
  context.mock.timers.reset();
  return context;
}
