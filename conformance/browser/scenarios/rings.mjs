// Several browsers ring, and the ring ends in different ways.

import assert from 'node:assert/strict';

import { scenario } from '../stage/browser.mjs';
import { call, logged } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

const STRANGER = '+15005550199';

scenario('two agents ring, the first answers, the other stops', async (scene) => {
  const [one, two] = await scene.softphones({ 1: 500, 2: 800 });
  const sid = await twilio.call(STRANGER);
  await two.rings();
  await one.answer();
  await two.tells('cancel');
  await two.stops();
  await one.hangUp();
  await logged(sid, { status: 'completed', user: one.agent.user, contact: null });
  const events = (await two.events()).map(({ what }) => what);
  assert.ok(!events.includes('accept'), events.join(', '));
});

scenario('one agent declines, another answers', async (scene) => {
  const [one, two] = await scene.softphones({ 1: 500, 2: 800 });
  const sid = await twilio.call(STRANGER);
  await two.rings();
  await one.decline();
  await one.tells('reject');
  await two.answer();
  await two.hangUp();
  await logged(sid, { status: 'completed', user: two.agent.user });
  const ended = (record) => record.legs?.find((leg) => leg.agent === one.agent.user && leg.status === 'busy');
  await call(sid, 'agent 1 has declined', ended);
});

scenario('the caller hangs up while it rings', async (scene) => {
  const [one, two] = await scene.softphones({ 1: 500, 2: 800 });
  const sid = await twilio.call(STRANGER);
  await Promise.all([one.rings(), two.rings()]);
  await twilio.hangUp(sid);
  await Promise.all([one, two].map((agent) => agent.tells('cancel')));
  await Promise.all([one.stops(), two.stops()]);
  await logged(sid, { status: 'caller_hung_up', user: null });
});

scenario('two tabs of one agent: both ring, one answers, and it counts as one call', async (scene) => {
  const context = await scene.context();
  const left = await scene.softphone(1, 500, { context });
  const right = await scene.softphone(1, 800, { context });
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const sid = await twilio.call(STRANGER);
  await left.rings();
  await right.answer();
  await left.stops();
  await right.hears(440);
  await twilio.phoneHears(STRANGER, 800);
  await right.hangUp();
  await logged(sid, { status: 'completed', user: right.agent.user });
});
