// The gateway becomes unreachable and comes back, and refuses an expired token.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { logged } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';
import { wire } from '../../pages/wire.mjs';

const STRANGER = '+15005550199';

/** The console of agent 1, its connection to the gateway, and its number of token requests. */
async function wired(scene) {
  const more = { tokens: 0 };
  const before = async (page) => {
    more.wire = await wire(page);
    page.on('request', (request) => (more.tokens += request.url().includes('/token?')));
  };
  more.ana = await scene.console(1, { before, excused: /WebSocket/ });
  return more;
}

const callState = (ana, wanted) => until(`the call is ${wanted}`, () => ana.says('active-call'), (text) => text?.startsWith(wanted));

scenario('console: the gateway is unreachable: the page says so, a call goes on, and the page recovers', async (scene) => {
  const { ana, wire } = await wired(scene);
  await wire.cut();
  await ana.shows('registration', 'Not ready');
  await until('it is said', () => ana.page.locator('#idle').innerText(), (text) => text === 'Calls do not ring here.');
  await ana.shows('notice', /phone network|Twilio/);
  wire.restore();
  await ana.registered();
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const sid = await twilio.call(STRANGER);
  await ana.answer();
  await callState(ana, 'On a call');
  await ana.hears(440);
  await wire.cut();
  await callState(ana, 'Reconnecting…');
  await ana.shows('registration', 'Not ready');
  wire.restore();
  await callState(ana, 'On a call');
  await ana.registered();
  await ana.hears(440);
  await twilio.phoneHears(STRANGER, 620);
  await ana.click('hangup');
  await ana.shows('call-ended', 'You hung up');
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: an expired token is replaced, idle and during a call', async (scene) => {
  const page = await wired(scene);
  const { ana } = page;
  // For this frame the SDK says 20104.
  const ended = { type: 'error', payload: { error: { code: 31205, message: 'Access token expired' } } };
  page.wire.say(ended);
  await until('a new token is asked for', async () => page.tokens, (count) => count === 2);
  await ana.registered();
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const sid = await twilio.call(STRANGER);
  await ana.answer();
  page.wire.say(ended);
  await until('another one is asked for', async () => page.tokens, (count) => count === 3);
  await ana.registered();
  await callState(ana, 'On a call');
  await ana.hears(440);
  assert.equal(await ana.says('notice'), null);
  const hers = (all) => all.filter(({ identity, registered }) => identity === ana.agent.identity && registered);
  const [old] = hers(await twilio.devices());
  await twilio.hangUp(sid);
  await ana.shows('call-ended', 'The caller hung up');
  await logged(sid, { status: 'completed', user: ana.agent.user });
  // After an expired token, the SDK no longer renews its registration.
  await until('a new device is registered', twilio.devices, (all) => hers(all).some(({ id }) => id !== old.id));
  await ana.registered();
  await twilio.call(STRANGER);
  await ana.rings();
});
