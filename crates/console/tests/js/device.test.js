import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ApiError } from "../../assets/lib/api.js";
import { VoiceDevice } from "../../assets/lib/device.js";
import { FakeDevice, browser, turns } from "./fakes.js";

beforeEach(() => void browser());

/** A running device, with everything that it did. */
async function running(context, { hasLines = false, hasCalls = false, refusal = null } = {}) {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 });
  const seen = { devices: [], states: [], asked: [], isDue: false, hasLines, hasCalls, refusal };
  const device = new VoiceDevice({
    load: async () => (token) => {
      const made = new FakeDevice(token);
      seen.devices.push(made);
      return made;
    },
    tokens: {
      get isDue() {
        return seen.isDue;
      },
      async get(how) {
        seen.asked.push(how.fresh);
        if (seen.refusal) throw seen.refusal;
        return { token: `token ${seen.asked.length}`, identity: "", expiresAt: 0, refreshAt: 0 };
      },
    },
    constraints: () => ({ audio: true }),
    hasLines: () => seen.hasLines,
    hasCalls: () => seen.hasCalls,
  });
  device.on("registration", ({ state, problem }) => seen.states.push(problem ? `${state} ${problem.code}` : state));
  device.start();
  await turns();
  return { device, seen, timers: context.mock.timers };
}

test("a device is built with a token, and registers", async (context) => {
  const { device, seen } = await running(context);
  const [made] = seen.devices;
  assert.deepEqual([made.tokens, seen.asked, seen.states], [["token 1"], [false], ["registering", "registering"]]);
  assert.equal(device.isReady, true);
  made.becomes("registered");
  assert.deepEqual(device.registration, { state: "registered", problem: null });
  // The SDK would hang up when its page closes, also on a reload.
  window.dispatchEvent(new Event("pagehide"));
  assert.equal(made.isDestroyed, false);
  device.stop();
  assert.deepEqual([made.isDestroyed, device.isReady, device.registration.state], [true, false, "starting"]);
  made.becomes("registered");
  assert.equal(device.registration.state, "starting", "events of an old device are ignored");
});

test("a lost connection recovers by itself, and its problem stays until then", async (context) => {
  const { device, seen } = await running(context);
  const [made] = seen.devices;
  made.becomes("registered");
  made.fails(31005);
  assert.deepEqual(device.registration, { state: "registered", problem: null }, "most errors pass");
  made.becomes("unregistered");
  made.fails(31005);
  made.becomes("registering");
  assert.deepEqual(seen.states.slice(-3), ["unregistered", "unregistered 31005", "registering 31005"]);
  made.fails(31401);
  assert.equal(device.registration.problem?.code, "31005", "the microphone is the call's concern");
  made.becomes("registered");
  assert.deepEqual([device.registration.problem, seen.devices.length], [null, 1]);
});

test("a device that waits too long is replaced, but not during a call", async (context) => {
  const { device, seen, timers } = await running(context);
  timers.tick(20_000);
  await device.check();
  assert.equal(seen.devices.length, 1);
  seen.hasLines = true;
  timers.tick(1);
  await device.check();
  assert.equal(seen.devices.length, 1);
  seen.hasLines = false;
  await device.check();
  await turns();
  assert.deepEqual([seen.devices.length, seen.devices[0].isDestroyed], [2, true]);
});

test("a refused token is replaced twice, then the agent reads why, and it is tried again", async (context) => {
  const { device, seen, timers } = await running(context);
  for (const want of [2, 3]) {
    seen.devices.at(-1).fails(31204);
    await turns();
    assert.equal(seen.devices.length, want);
  }
  assert.deepEqual(seen.asked, [false, true, true], "a refused token is not used again");
  seen.devices.at(-1).fails(20101);
  await turns();
  assert.equal(device.registration.state, "failed");
  assert.match(device.registration.problem?.title ?? "", /does not accept the access token/);
  timers.tick(2000);
  await turns();
  assert.equal(seen.devices.length, 4);
  seen.devices.at(-1).becomes("registered");
  assert.deepEqual(device.registration, { state: "registered", problem: null });
});

test("a token that is refused during a call is renewed in the same device", async (context) => {
  const { device, seen } = await running(context);
  const [made] = seen.devices;
  made.becomes("registered");
  Object.assign(seen, { hasLines: true, hasCalls: true });
  made.fails(20104);
  await turns();
  // The SDK still reports `registered`, which is true only with the new token.
  assert.deepEqual([made.tokens, seen.devices.length], [["token 1", "token 2"], 1]);
  assert.deepEqual(seen.states.slice(-2), ["unregistered", "registered"]);
  Object.assign(seen, { hasLines: false, hasCalls: false });
  device.idle();
  await turns();
  assert.equal(seen.devices.length, 2, "after the call, a new device registers");
});

test("a final problem ends the attempts", async (context) => {
  const refusal = new ApiError({ status: 401, code: "session_ended", error: "no" });
  const { device, seen, timers } = await running(context, { refusal });
  assert.deepEqual([device.registration.state, device.registration.problem?.isFinal], ["failed", true]);
  timers.tick(600_000);
  await turns();
  assert.deepEqual([seen.devices.length, seen.asked.length], [0, 1]);
  seen.refusal = null;
  device.wake();
  await turns();
  assert.equal(seen.devices.length, 1, "a new session is used at once");
});

test("after a temporary problem, the device tries again after a pause, but not during a call", async (context) => {
  const refusal = new ApiError({ status: 503, code: "unavailable", error: "no" });
  const { device, seen, timers } = await running(context, { refusal, hasCalls: true });
  assert.deepEqual([device.registration.state, device.registration.problem?.isFinal], ["failed", false]);
  timers.tick(2000);
  await turns();
  assert.equal(seen.asked.length, 1);
  seen.hasCalls = false;
  timers.tick(4000);
  await turns();
  assert.equal(seen.asked.length, 2);
});

test("a token is renewed when it is due, and checked after a sleep", async (context) => {
  const { device, seen } = await running(context);
  const [made] = seen.devices;
  made.becomes("registered");
  await device.check();
  device.wake();
  await turns();
  assert.deepEqual(made.tokens, ["token 1"]);
  seen.isDue = true;
  made.emit("tokenWillExpire");
  await turns();
  device.wake();
  await turns();
  assert.deepEqual([made.tokens, seen.devices.length], [["token 1", "token 2", "token 3"], 1]);
  made.becomes("unregistered");
  device.wake();
  await turns();
  assert.equal(seen.devices.length, 2);
});

test("a page that closes drops its device, and one that comes back builds another", async (context) => {
  const { device, seen } = await running(context);
  device.drop();
  assert.deepEqual([seen.devices[0].isDestroyed, device.isReady], [true, false]);
  await assert.rejects(device.connect({ params: {} }), /not connected yet/);
  device.rebuild();
  await turns();
  await device.connect({ connectToken: "t" });
  assert.deepEqual(seen.devices[1].connected[0].options, { connectToken: "t", rtcConstraints: { audio: true } });
  device.stop();
  device.rebuild();
  await turns();
  assert.equal(seen.devices.length, 2, "a stopped phone stays stopped");
});

test("a device that is dropped, because the page closes, says nothing more", async (context) => {
  const { device, seen } = await running(context);
  seen.devices[0].becomes("registered");
  const before = seen.states.length;
  device.drop();
  assert.equal(seen.devices[0].isDestroyed, true);
  assert.deepEqual([seen.states.slice(before), device.registration.state], [[], "registered"]);
});
