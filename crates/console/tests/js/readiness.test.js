import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ApiError } from "../../assets/lib/api.js";
import { lackOf, readinessOf } from "../../assets/lib/readiness.js";
import { Word } from "../../assets/lib/word.js";
import { isLeftOver } from "../../assets/page/press.js";
import { browser, turns } from "./fakes.js";

beforeEach(() => void browser());

const registered = { state: "registered", problem: null };
const problem = (code, isFinal) => ({ code, title: "Title.", hint: null, isFinal });
const well = { registration: registered, isServerLost: false, microphone: "allowed" };

test("an agent is ready only if every part is, and the worst one is told", () => {
  const lost = { state: "unregistered", problem: null };
  const cases = [
    [{}, "ready", null],
    [{ microphone: "unasked" }, "ready", null],
    [{ microphone: "denied" }, "microphone_denied", "microphone"],
    [{ microphone: "missing" }, "microphone_missing", "microphone"],
    [{ registration: lost, microphone: "denied" }, "phone", "phone"],
    [{ registration: { state: "registering", problem: null } }, "starting", "phone"],
    [{ registration: { state: "failed", problem: problem("31005", false) } }, "phone", "phone"],
    [{ isServerLost: true, registration: lost }, "server", "phone"],
    [{ registration: { ...registered, problem: problem("session_expired", true) }, isServerLost: true }, "session", "phone"],
    [{ registration: { ...registered, problem: problem("workspace_not_found", true) } }, "refused", "phone"],
    [{ registration: { state: "failed", problem: problem("insecure", true) } }, "insecure", "phone"],
  ];
  for (const [change, code, lack] of cases) {
    const readiness = readinessOf({ ...well, ...change });
    assert.deepEqual([readiness.code, lackOf(readiness)], [code, lack], JSON.stringify(change));
    assert.equal(readiness.isReady, code === "ready");
    assert.equal(readiness.fix === null, ["ready", "starting"].includes(code) || readiness.text === "Title." && code !== "phone");
  }
});

/** A page's word, and what the server hears of it. */
function word(context, answer = async () => null) {
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const heard = [];
  const ask = async (method, path, body) => {
    heard.push(`${method} ${path} ${body.page} ${body.lacks}`);
    return answer();
  };
  return { word: new Word({ ask }, "one"), heard, timers: context.mock.timers };
}

test("the server hears a change at once, and the same again before 20 seconds are over", async (context) => {
  const { word: one, heard, timers } = word(context);
  one.set(null);
  await turns();
  assert.deepEqual(heard, ["PUT agents/me/page one null"]);
  one.set(null);
  for (let at = 0; at < 60; at += 5) {
    timers.tick(5000);
    one.repeat();
    await turns();
  }
  assert.equal(heard.length, 7, "every ten seconds, if it is asked every five");
  one.set("microphone");
  one.set("phone");
  await turns();
  assert.deepEqual(heard.slice(7), ["PUT agents/me/page one microphone", "PUT agents/me/page one phone"]);
});

test("what the server did not hear is said again soon, what it refuses is not", async (context) => {
  for (const [status, again] of [[503, 2], [404, 1]]) {
    const { word: one, heard } = word(context, async () => {
      throw new ApiError({ status, code: "x", error: "x" });
    });
    one.set(null);
    await turns();
    one.repeat();
    await turns();
    assert.equal(heard.length, again);
    context.mock.timers.reset();
  }
});

test("a press belongs to the one before it if it hits another control at the same place in the same second", () => {
  const [answer, hangUp] = [{}, {}];
  const before = { at: 1000, x: 50, y: 50, control: answer };
  const press = { at: 1250, x: 52, y: 49, control: hangUp };
  const cases = [
    [press, before, true],
    [{ ...press, control: answer }, before, false],
    [{ ...press, at: 2100 }, before, false],
    [{ ...press, x: 90 }, before, false],
    [press, { ...before, control: null }, false],
    [press, null, false],
    [null, null, false],
  ];
  for (const [one, other, want] of cases) assert.equal(isLeftOver(one, other), want, JSON.stringify([one, other]));
});
