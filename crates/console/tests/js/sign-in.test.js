import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { banner } from "../../assets/page/banner.js";
import { signedIn } from "../../assets/page/sign-in.js";

const ANA = "7f3c2d1e-0000-4000-8000-00000000000a";
const BEN = "7f3c2d1e-0000-4000-8000-00000000000b";
const LATER = 4_000_000_000;

/** A session token of a user; nobody checks its signature here. */
const token = (user, exp = LATER, more = "") => {
  const claims = Buffer.from(JSON.stringify({ sub: user, aud: "authenticated", exp })).toString("base64url");
  return `e30.${claims}.${more}`;
};
const link = (workspace, session) => `#workspace=${workspace}&session=${session}`;

/** The tab: what it stored, how often it was loaded again, and how to follow a link in it. */
let tab;
beforeEach(() => {
  const stored = new Map();
  tab = { stored, reloads: 0, follow: () => {} };
  globalThis.sessionStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
  globalThis.location = { hash: "", pathname: "/", reload: () => (tab.reloads += 1) };
  globalThis.history = { replaceState: () => (globalThis.location.hash = "") };
  globalThis.document = { getElementById: () => ({ dataset: {} }) };
  globalThis.addEventListener = (_, listener) => {
    tab.follow = (hash) => {
      globalThis.location.hash = hash;
      listener();
    };
  };
  banner.clear("link");
});

const kept = () => JSON.parse([...tab.stored.values()][0]);

test("a link signs in where nobody is signed in", async () => {
  globalThis.location.hash = link("acme", token(ANA));
  const { workspace, session } = await signedIn();
  assert.deepEqual([workspace, session()], ["acme", token(ANA)]);
  assert.equal(globalThis.location.hash, "", "nobody can copy it");
  assert.equal(banner.shown, null);
});

test("a link for the same agent renews the session, unasked", async () => {
  globalThis.location.hash = link("acme", token(ANA));
  const { session, onRenewed } = await signedIn();
  let renewals = 0;
  onRenewed(() => (renewals += 1));
  const newer = token(ANA, LATER + 60);
  tab.follow(link("acme", newer));
  assert.deepEqual([session(), renewals, tab.reloads, banner.shown], [newer, 1, 0, null]);
  assert.equal(kept().session, newer);
});

test("a link for somebody else is a question, in the page and before it", async () => {
  for (const [workspace, user] of [["acme", BEN], ["other", ANA]]) {
    for (const isOpen of [true, false]) {
      tab.stored.clear();
      banner.clear("link");
      globalThis.location.hash = link("acme", token(ANA));
      let { session } = await signedIn();
      const foreign = token(user, LATER, "x");
      if (isOpen) {
        tab.follow(link(workspace, foreign));
      } else {
        globalThis.location.hash = link(workspace, foreign);
        ({ session } = await signedIn());
      }
      assert.deepEqual([session(), kept().session], [token(ANA), token(ANA)], "nothing changes by itself");
      assert.match(banner.shown.text, new RegExp(`sign in somebody else here, in ${workspace}`));
      const reloads = tab.reloads;
      banner.shown.act.run();
      assert.deepEqual([kept(), tab.reloads], [{ workspace, session: foreign }, reloads + 1]);
    }
  }
});

test("a session that has ended makes room for the link's", async () => {
  globalThis.location.hash = link("acme", token(ANA, 1));
  await signedIn();
  globalThis.location.hash = link("acme", token(BEN));
  const { session } = await signedIn();
  assert.deepEqual([session(), banner.shown], [token(BEN), null]);
});
