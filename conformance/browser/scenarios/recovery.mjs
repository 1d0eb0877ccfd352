// A call survives a new token and a lost socket; closing the page ends it.

import assert from 'node:assert/strict';

import { scenario } from '../stage/browser.mjs';
import { logged } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

const STRANGER = '+15005550199';

/** Agent 1 talks with somebody, and both are heard. */
async function talk(scene) {
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const agent = await scene.softphone(1, 620);
  const sid = await twilio.call(STRANGER);
  await agent.answer();
  await heard(agent);
  return { agent, sid };
}

async function heard(agent) {
  await agent.hears(440);
  await twilio.phoneHears(STRANGER, 620);
}

scenario('a token is refreshed during a call, and the call goes on', async (scene) => {
  const { agent, sid } = await talk(scene);
  const [calls, began] = [(await twilio.calls()).length, await twilio.now()];
  await agent.refresh();
  // The SDK shows the new token and then asks for its call back.
  await twilio.frame(agent.agent.identity, 'invite', began);
  await heard(agent);
  await agent.talks();
  assert.equal((await twilio.calls()).length, calls, 'the refresh was no call');
  const told = (await agent.events()).map(({ what }) => what);
  assert.ok(!told.some((what) => ['error', 'call error', 'disconnect'].includes(what)), told.join(', '));
  await twilio.hangUp(sid);
  await agent.quiet();
  await logged(sid, { status: 'completed', user: agent.agent.user });
});

scenario('the socket is lost during a call, and the call goes on', async (scene) => {
  const { agent, sid } = await talk(scene);
  await twilio.drop(agent.agent.identity);
  await agent.tells('reconnecting');
  await agent.tells('reconnected');
  await agent.until('is registered again', ({ device }) => device === 'registered');
  await heard(agent);
  assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
  await agent.hangUp();
  await agent.quiet();
  await twilio.ended(sid);
  await logged(sid, { status: 'completed', user: agent.agent.user });
});

scenario('an agent closes the tab during a call, and the call ends', async (scene) => {
  const { agent, sid } = await talk(scene);
  await agent.page.close({ runBeforeUnload: true });
  await twilio.ended(sid);
  await logged(sid, { status: 'completed', user: agent.agent.user });
});
