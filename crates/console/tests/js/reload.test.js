import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Reload, isFresh } from "../../assets/lib/reload.js";
import { browser } from "./fakes.js";

/** @type {Map<string, string>} */
let stored;
beforeEach(() => void (stored = browser()));

const line = (id, state, direction = "inbound") => ({ id, state, direction });

test("a call is resumed only while Twilio keeps it", () => {
  const kept = (state) => ({ line: { state }, connectToken: "t", at: 1000 });
  assert.equal(isFresh(kept("open"), 30_999), true);
  assert.equal(isFresh(kept("open"), 31_000), false);
  assert.equal(isFresh(kept("ringing"), 60_999), true);
  assert.equal(isFresh(kept("ringing"), 61_000), false);
  assert.equal(isFresh(kept("open"), 999), false);
});

test("the next page finds the calls that have a token", () => {
  const before = new Reload("acme:ana");
  const lines = [line("1", "open"), line("2", "ringing"), line("3", "ringing", "outbound"), line("4", "connecting")];
  for (const id of ["1", "2", "3"]) before.remember(id, `token ${id}`);
  before.remember("4", undefined);
  assert.equal(before.canResume(lines), true);
  assert.equal(before.canResume([line("4", "connecting")]), false);
  before.write(lines, 1000);

  const next = new Reload("acme:ana");
  const states = next.restore(2000).map(({ id, state }) => `${id} ${state}`);
  assert.deepEqual(states, ["1 reconnecting", "2 ringing", "3 reconnecting"]);
  assert.deepEqual([next.tokenOf("1"), next.tokenOf("4")], ["token 1", null]);
  assert.deepEqual(new Reload("acme:ben").restore(2000), [], "another agent has other calls");
  assert.deepEqual(new Reload("acme:ana").restore(40_000).map(({ id }) => id), ["2", "3"]);

  next.forget("1");
  next.write([line("1", "open")], 3000);
  assert.equal(stored.size, 0, "nothing to resume clears the store");
});

test("without a usable store, only calls across a reload are lost", () => {
  for (const text of ["{", "null", "{}", "[null]", '[{"at":0}]']) {
    stored.set("switchroom:calls:acme:ana", text);
    assert.deepEqual(new Reload("acme:ana").restore(0), [], text);
  }
  const refuse = () => {
    throw new Error("no store");
  };
  globalThis.localStorage = { getItem: refuse, setItem: refuse, removeItem: refuse };
  const reload = new Reload("acme:ana");
  reload.remember("1", "t");
  reload.write([line("1", "open")], 0);
  reload.write([], 0);
  assert.deepEqual(reload.restore(0), []);
});
