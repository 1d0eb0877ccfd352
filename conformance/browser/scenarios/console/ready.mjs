// Whether calls ring here: made of the server, the session, the phone network, the microphone and a page that lives.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, api, call, stage, startServer, stopServer } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';
import { wire } from '../../pages/wire.mjs';

const STRANGER = '+15005550199';
const SHOP = '+15005550160';
const LOCAL = 'local-network-access';

/** Waits until the team sees this of an agent. */
const seen = (who, what, holds, within) =>
  until(`agent ${who.number} is ${what}`, async () => {
    const { agents } = await api(agent(4), 'agents');
    return agents.find(({ user_id }) => user_id === who.user);
  }, holds, within);

const lacks = (who, lack, within) => seen(who, `not ready: ${lack}`, (row) => row?.not_ready === lack && row, within);
const isFree = (who) => seen(who, 'free', (row) => row?.status === 'available' && !row.not_ready);

const board = (console, text) =>
  until(`the wallboard says ${text}`, () => console.part('wallboard').innerText(), (shown) => text.test(shown));

/** Calls, and checks that `other` rings and `who`, who is not ready, does not. */
async function passesBy(who, other) {
  const sid = await twilio.call(STRANGER);
  await other.rings();
  assert.equal(await who.part('incoming-card').count(), 0);
  await twilio.hangUp(sid);
  const why = ({ waves }) => waves?.[0].verdicts.find(({ user }) => user === who.agent.user)?.reason === 'page_not_ready';
  await call(sid, `agent ${who.agent.number} was not ready`, why);
  await other.hides('incoming-card');
}

/** Calls, and checks that the call rings there and can be answered. */
async function rings(who) {
  const sid = await twilio.call(STRANGER);
  await who.answer();
  await twilio.hangUp(sid);
  await who.shows('call-ended', 'The caller hung up');
}

scenario('console: without a microphone no call rings, everybody sees why, and it comes back', async (scene) => {
  // What is not granted is denied.
  const context = await scene.context({ permissions: [LOCAL] });
  const [ana, ben] = await Promise.all([scene.console(1, { context, registered: false }), scene.console(2)]);
  await ana.shows('registration', 'Not ready');
  await ana.shows('notice', 'The browser does not let this page use the microphone. Allow it in the address bar.');
  await ana.shows('my-status', 'Not ready');
  await until('it says so', () => ana.page.locator('#idle').innerText(), (text) => text === 'Calls do not ring here.');
  assert.equal(await ana.part('dial').isDisabled(), true);
  await scene.show(ana, 'microphone-denied');
  await lacks(ana.agent, 'microphone');
  await board(ben, /Agent 1.*\n+(.*\n)?Not ready: no microphone/);
  await passesBy(ana, ben);
  await context.grantPermissions(['microphone', LOCAL]);
  await ana.registered();
  await ana.hides('notice');
  await isFree(ana.agent);
  await rings(ana);
});

scenario('console: a call that rings when the microphone is denied can still be answered later', async (scene) => {
  const context = await scene.context();
  const ana = await scene.console(1, { context });
  const sid = await twilio.call(STRANGER);
  await ana.rings();
  await context.clearPermissions();
  await context.grantPermissions([LOCAL]);
  await ana.shows('registration', 'Not ready');
  await ana.click('answer');
  await ana.shows('notice', /microphone.*address bar/);
  await ana.rings();
  await context.grantPermissions(['microphone', LOCAL]);
  await ana.registered();
  await ana.answer();
  assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
});

scenario('console: a page that the browser has frozen is not rung, and rings again when it wakes', async (scene) => {
  const [tab, ben] = await Promise.all([scene.tab(1), scene.console(2)]);
  const ready = () => until('the page is ready', () => tab.says('registration'), (text) => text === 'Ready');
  await ready();
  await isFree(agent(1));
  await tab.freeze();
  const frozen = Date.now();
  const row = await lacks(agent(1), 'silent', 45_000);
  console.log(`frozen; not ready ${((Date.now() - frozen) / 1000).toFixed(1)} s later`);
  assert.equal(row.status, 'offline');
  // Its streams are still open: this is what used to count.
  const hers = ({ identity, is_page }) => is_page && identity === agent(1).identity;
  assert.equal((await twilio.devices()).filter(hers).length, 1);
  await board(ben, /Not ready: the page does not respond/);
  const sid = await twilio.call(STRANGER);
  await ben.rings();
  await twilio.hangUp(sid);
  const { legs } = await call(sid, 'agent 1 was not ready', (seen) =>
    seen.waves?.[0].verdicts.find(({ user }) => user === agent(1).user)?.reason === 'page_not_ready' && seen);
  assert.deepEqual(legs.filter(({ agent: rung }) => rung === agent(1).user), []);
  await tab.wake();
  const woken = Date.now();
  await isFree(agent(1));
  console.log(`woken; ready ${((Date.now() - woken) / 1000).toFixed(1)} s later`);
  const again = await twilio.call(STRANGER);
  await until('the call rings', () => tab.says('incoming-card'), (text) => text !== null);
  await tab.click('answer');
  await until('they talk', () => tab.says('call-timer'), (text) => /\d:\d\d/.test(text ?? ''));
  await twilio.hangUp(again);
}, { within: 150_000 });

scenario('console: a page that lives is ready for minutes, hidden or not', async (scene) => {
  const ana = await scene.console(1);
  await isFree(ana.agent);
  for (const end = Date.now() + 50_000; Date.now() < end; ) {
    const { agents } = await api(agent(4), 'agents');
    const row = agents.find(({ user_id }) => user_id === ana.agent.user);
    assert.equal(row.not_ready, undefined);
    await new Promise((done) => setTimeout(done, 1000));
  }
});

scenario('console: while the server is away the page says so, and nothing that it cannot know', async (scene) => {
  const ana = await scene.console(1, { excused: /Failed to load resource|ERR_|network error/i });
  await board(ana, /Waiting now\s+0/);
  await stopServer();
  try {
    await ana.shows('registration', 'Not ready');
    await ana.shows('notice', 'The server cannot be reached. Check your network. The page keeps trying.');
    await ana.shows('my-status', 'Not ready');
    await board(ana, /Waiting now\s+–/);
    const shown = await ana.page.locator('body').innerText();
    assert.doesNotMatch(shown, /registered|Ready\. Calls|No calls at the moment|Calls ring here/);
    await ana.part('dial-number').fill(SHOP);
    assert.equal(await ana.part('dial').isDisabled(), true);
    await ana.part('dial-number').press('Enter');
    assert.equal(await ana.part('active-call').count(), 0);
    await scene.show(ana, 'server-away');
  } finally {
    await startServer();
  }
  await ana.registered();
  await ana.hides('notice');
  await board(ana, /Waiting now\s+0/);
  assert.equal(await ana.part('dial').isDisabled(), false);
});

scenario('console: while Twilio is away the page says so in plain words, and Call is disabled', async (scene) => {
  let gateway;
  const ana = await scene.console(1, { before: async (page) => (gateway = await wire(page)), excused: /WebSocket/ });
  await gateway.cut();
  await ana.shows('registration', 'Not ready');
  await ana.shows('notice', /^(The connection to Twilio (failed|was closed)|There is no connection to Twilio|The phone network cannot be reached)\. The page keeps trying\.$/);
  await until('Call is disabled', () => ana.part('dial').isDisabled(), (is) => is);
  await lacks(ana.agent, 'phone');
  await scene.show(ana, 'twilio-away');
  gateway.restore();
  await ana.registered();
  await isFree(ana.agent);
});

scenario('console: when the session is over nothing claims that calls ring', async (scene) => {
  const ana = await scene.console(1, { excused: /401|Failed to load resource|network error|ERR_/i });
  const over = (route) => route.fulfill({ status: 401, json: { error: 'The session has expired.', code: 'session_expired' } });
  await ana.page.route('**/api/workspaces/**', over);
  await stopServer();
  await startServer();
  await ana.shows('notice', 'Your session has ended. Sign in again.');
  await ana.shows('registration', 'Not ready');
  await ana.shows('my-status', 'Not ready');
  await until('it says so', () => ana.page.locator('#idle').innerText(), (text) => text === 'Calls do not ring here.');
  await scene.show(ana, 'session-over');
});
