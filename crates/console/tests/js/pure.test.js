import assert from "node:assert/strict";
import { test } from "node:test";

import { delay } from "../../assets/lib/backoff.js";
import { level } from "../../assets/lib/audio.js";
import { incoming, whySentence } from "../../assets/lib/line.js";
import { formatNumber, otherNumber } from "../../assets/lib/number.js";
import { readSession } from "../../assets/lib/session.js";
import { EventParser } from "../../assets/lib/sse.js";
import { EventStream } from "../../assets/lib/stream.js";
import { Tabs } from "../../assets/lib/tabs.js";
import { fromAnswer, isDue } from "../../assets/lib/token.js";
import { wav } from "../../assets/lib/wav.js";
import { brief, doing, duration, initials, isMissed, outsideCalls } from "../../assets/page/format.js";
import { needsPage } from "../../assets/page/leave.js";
import { steps } from "../../assets/page/team/scale.js";

test("numbers are grouped", () => {
  assert.equal(formatNumber("+15005550006"), "+1 500 555 0006");
  assert.equal(formatNumber("+35312345678"), "+35312345678", "no country's grouping is guessed");
  assert.equal(formatNumber(""), "Withheld number");
  assert.equal(formatNumber(null), "Withheld number");
});

test("a call shows the other end as the team reads it", () => {
  const call = { direction: "inbound", from: "+4930123456", from_text: "030 123456", to: "+15005550006", to_text: "+1 500-555-0006" };
  assert.equal(otherNumber(call), "030 123456");
  assert.equal(otherNumber({ ...call, direction: "outbound" }), "+1 500-555-0006");
  assert.equal(otherNumber({ ...call, from: "", from_text: null }), "Withheld number");
  assert.equal(otherNumber({ ...call, from: "sip:reception@pbx.example.com", from_text: null }), "sip:reception@pbx.example.com");
});

test("pauses grow to a limit, and differ", () => {
  const options = { first: 100, most: 1000 };
  const waits = [0, 1, 2, 3, 4, 50].map((attempt) => delay(attempt, { ...options, random: 1 }));
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
  assert.equal(delay(50, { ...options, random: 0 }), 500);
});

test("a session token names its user, whatever form its UUID has", () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (claims) => `${part({ alg: "HS256" })}.${part(claims)}.c2ln`;
  const want = { userId: "7f3c2d1e-0000-4000-8000-00000000000a", identity: "agent_7f3c2d1e00004000800000000000000a" };
  for (const sub of ["7f3c2d1e-0000-4000-8000-00000000000a", "7F3C2D1E00004000800000000000000A"]) {
    assert.deepEqual(readSession(token({ sub, exp: 2 })), { ...want, expiresAt: 2000 }, sub);
  }
  assert.throws(() => readSession("no"), /three parts/);
  assert.throws(() => readSession("a.b.c"), /cannot be read/);
  assert.throws(() => readSession(token({ sub: "ana" })), /not a UUID/);
});

test("a token is renewed on time, even if this clock is wrong", () => {
  const answer = {
    token: "t",
    identity: "agent_1",
    ttl: 3600,
    expires_at: "2030-01-01T01:00:00Z",
    refresh_at: "2030-01-01T00:55:00Z",
  };
  const now = Date.parse("1999-01-01T00:00:00Z");
  const token = fromAnswer(answer, now);
  assert.equal(token.expiresAt - now, 3_600_000);
  assert.equal(token.refreshAt - now, 3_300_000);
  assert.equal(token.edge, null);
  assert.equal(fromAnswer({ ...answer, edge: "dublin" }, now).edge, "dublin");
  assert.equal(isDue(null, now), true);
  assert.equal(isDue(token, now + 3_299_999), false);
  assert.equal(isDue(token, now + 3_300_000), true);
});

test("a stream is read in pieces of any size", () => {
  const text = ': heartbeat\n\nid: 7\nevent: agent\ndata: {"a":\ndata: 1}\n\nevent: empty\n\ndata: x\r\n\r\nid: 8\ndata:  y\n\n';
  const want = [
    { name: "agent", data: '{"a":\n1}', id: "7" },
    { name: "message", data: "x", id: "7" },
    { name: "message", data: " y", id: "8" },
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const parser = new EventParser();
    const got = [];
    for (let at = 0; at < text.length; at += size) got.push(...parser.push(text.slice(at, at + size)));
    assert.deepEqual(got, want, `pieces of ${size}`);
  }
});

test("a stream is reopened after a sleep, but not because timers were paused", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  let opened = 0;
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  let server;
  /** @type {any} */
  const api = {
    async open(_method, _path, { signal }) {
      opened += 1;
      const body = new ReadableStream({ start: (controller) => void (server = controller) });
      signal.addEventListener("abort", () => server?.error(new Error("aborted")));
      return new Response(body);
    },
  };
  const turn = () => new Promise((done) => setImmediate(done));
  const stream = new EventStream(api, "page");
  const over = stream.open();
  context.after(() => stream.close());
  await turn();
  context.mock.timers.tick(45_000);
  server?.enqueue(new TextEncoder().encode(": still here\n\n"));
  await turn();
  context.mock.timers.tick(15_000);
  stream.revive();
  await turn();
  assert.deepEqual([opened, stream.state], [1, "open"]);
  context.mock.timers.tick(45_000);
  stream.revive();
  await turn();
  assert.equal(stream.state, "connecting");
  stream.close();
  await over;
  assert.equal(stream.state, "closed");
});

test("a line has the caller, and why this agent rings", () => {
  const parameters = { CallSid: "CA2", From: "+15005550006" };
  const custom = (pairs) => new Map(Object.entries(pairs));
  const line = incoming(parameters, custom({ call_sid: "CA1", scope: "assigned", wave: "1", display_name: "Mia" }), 5);
  assert.equal(line.callSid, "CA1");
  assert.equal(line.legSid, "CA2");
  assert.equal(line.name, "Mia");
  assert.deepEqual(line.why, { scope: "assigned", because: null, wave: 1 });
  const cases = [
    [{ scope: "assigned", because: null, wave: 1 }, "Assigned to you"],
    [{ scope: "everyone", because: "unknown_caller", wave: 1 }, "Ringing everyone: unknown caller"],
    [{ scope: "everyone", because: "assigned_unavailable", wave: 2 }, "Ringing everyone: the assigned agents are not free, after others did not answer"],
    [null, ""],
  ];
  for (const [why, want] of cases) assert.equal(whySentence(why), want);
  assert.equal(incoming({ CallSid: "CA2", From: "anonymous" }, custom({}), 5).number, "");
  // What the server has read counts, not the word that Twilio sends as a number.
  const withheld = incoming({ CallSid: "CA3", From: "+266696687" }, custom({ from: "withheld" }), 5);
  assert.deepEqual([withheld.number, withheld.numberText], ["", null]);
  const known = incoming({ CallSid: "CA4", From: "15005551000" }, custom({ from: "+15005551000", from_text: "(500) 555-1000" }), 5);
  assert.deepEqual([known.number, known.numberText], ["+15005551000", "(500) 555-1000"]);
});

test("times, names and axes are readable", () => {
  assert.deepEqual([0, 7_000, 760_000, 3_723_000].map(duration), ["0:00", "0:07", "12:40", "1:02:03"]);
  assert.deepEqual([7, 75, 720, 3720].map(brief), ["7 s", "1 min 15 s", "12 min", "1 h 2 min"]);
  assert.deepEqual(["Ana Torres", "ana", "", null].map(initials), ["AT", "A", "?", "?"]);
  assert.deepEqual([0, 1, 4, 7, 23, 130].map(steps), [
    [0, 1],
    [0, 1],
    [0, 1, 2, 3, 4],
    [0, 2, 4, 6, 8],
    [0, 10, 20, 30],
    [0, 50, 100, 150],
  ]);
});

test("a call is missed if nobody answered its caller", () => {
  const cases = [
    ["inbound", "no_answer", true],
    ["inbound", "caller_hung_up", true],
    ["inbound", "failed", true],
    ["inbound", "completed", false],
    ["outbound", "no_answer", false],
  ];
  for (const [direction, outcome, want] of cases) assert.equal(isMissed({ direction, outcome }), want);
});

test("sounds are generated, and levels are measured", () => {
  const bytes = wav(0.01, () => 1);
  assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), "RIFF");
  assert.equal(bytes.length, 44 + 80);
  assert.equal(bytes[44], 255);
  assert.equal(level(new Uint8Array(64).fill(128)), 0);
  assert.equal(level(Uint8Array.from({ length: 64 }, (_, at) => (at % 2 ? 255 : 0))) > 0.99, true);
});

test("a closed tab sends nothing, and does not fail", () => {
  const tabs = new Tabs("acme:ana");
  tabs.close();
  tabs.send({ type: "emit" });
  assert.equal(tabs.isLeading, false);
});

test("the browser asks before a page with a call is closed, but not for a ring", () => {
  const cases = [
    ["inbound", { ringing: false, connecting: true, open: true, reconnecting: true }],
    ["outbound", { ringing: true, connecting: true, open: true, reconnecting: true, over: false }],
  ];
  for (const [direction, states] of cases) {
    for (const [state, want] of Object.entries(states)) {
      assert.equal(needsPage({ state, direction }), want, `${direction} ${state}`);
    }
  }
});

test("an agent's own status is shown during a call, even if none was set", () => {
  const cases = [
    ["available", null, "available"],
    ["busy", null, "available"],
    ["offered", null, "available"],
    ["busy", "away", "away"],
    ["unknown", null, null],
    ["offline", null, null],
  ];
  for (const [status, presence, want] of cases) assert.equal(outsideCalls({ status, presence }), want, status);
  assert.equal(outsideCalls(null), null);
});

test("a callee who has not answered does not talk yet", () => {
  const cases = [
    ["offered", "inbound", "ringing", "Ringing: Mia"],
    ["busy", "inbound", "in_progress", "Talking to Mia"],
    ["busy", "outbound", "ringing", "Calling Mia"],
    ["busy", "outbound", "in_progress", "Talking to Mia"],
  ];
  for (const [status, direction, outcome, want] of cases) {
    assert.equal(doing({ status }, { direction, outcome }, "Mia"), want);
  }
});
