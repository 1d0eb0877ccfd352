import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Banner, banner, order } from "../../assets/page/banner.js";

const notice = (text) => ({ kind: /** @type {const} */ ("warn"), text });

test("the most urgent reason is shown, and the next one when it is withdrawn", () => {
  const drawn = [];
  const banner = new Banner((shown) => drawn.push(shown?.text ?? null));
  for (const key of ["unsteady", "order", "stopped", "silent"]) banner.set(key, notice(key));
  assert.deepEqual(drawn, ["unsteady", "order", "stopped", "silent"]);
  banner.clear("stopped");
  assert.equal(banner.shown?.text, "silent", "a waiting notice can be withdrawn too");
  banner.clear("silent");
  assert.equal(banner.shown?.text, "order");
  banner.set("unsteady", notice("still unsteady"));
  assert.equal(banner.shown?.text, "order");
  banner.clear("order");
  assert.equal(banner.shown?.text, "still unsteady", "a key has one notice, the newest");
  banner.clear("unsteady");
  assert.deepEqual([drawn.at(-1), banner.shown], [null, null]);
});

test("withdrawing a notice that was never set draws nothing", () => {
  let drawn = 0;
  const banner = new Banner(() => (drawn += 1));
  banner.clear("order");
  assert.equal(drawn, 0);
});

test("a refused order is shown until the next one", async () => {
  const elements = {};
  const element = (id) => (elements[id] ??= { dataset: {}, hidden: true, textContent: "" });
  globalThis.document = /** @type {any} */ ({ getElementById: element });
  await order(() => Promise.reject(new Error("The tab does not answer.")), "Your status was not changed");
  assert.equal(elements["banner-text"].textContent, "Your status was not changed: The tab does not answer.");
  assert.deepEqual([elements.banner.hidden, elements.banner.dataset.kind, elements["banner-act"].hidden], [false, "bad", true]);
  let isRun = false;
  banner.set("stopped", { ...notice("Your session has ended."), act: { label: "Sign in again", run: () => (isRun = true) } });
  elements["banner-act"].onclick();
  assert.deepEqual([isRun, elements["banner-act"].textContent], [true, "Sign in again"]);
  banner.clear("stopped");
  await order(async () => {});
  assert.equal(elements.banner.hidden, true);
});

test("only its own module touches the banner", () => {
  const page = new URL("../../assets/page/", import.meta.url);
  const modules = readdirSync(page, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const touch = modules.filter((name) => /["'#]banner\b(?!\.js)/.test(readFileSync(fileURLToPath(new URL(name, page)), "utf8")));
  assert.deepEqual(touch, ["banner.js"]);
});
