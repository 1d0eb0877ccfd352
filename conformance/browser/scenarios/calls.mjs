// One agent and one caller: incoming and outgoing calls, and their log rows.

import assert from 'node:assert/strict';

import { scenario } from '../stage/browser.mjs';
import { call, logged, stage } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

const { mia } = stage.contacts;
const SHOP = '+15005550160';

scenario('a single agent takes a call', async (scene) => {
  await twilio.phone(mia.number, { sound: { tone: 440 } });
  const agent = await scene.softphone(2, 620);
  const sid = await twilio.call(mia.number);
  const { from, params } = await agent.rings();
  assert.equal(from, mia.number);
  assert.equal(params.call_sid, sid);
  assert.equal(params.display_name, mia.name);
  assert.equal(params.scope, 'assigned');
  await agent.answer();
  await agent.hears(440);
  await twilio.phoneHears(mia.number, 620);
  await twilio.hangUp(sid);
  await agent.quiet();
  await logged(sid, {
    workspace: 'acme', direction: 'inbound', sender: 'contact', status: 'completed',
    body: /^Incoming call, \d+ s\.$/, user: agent.agent.user, contact: mia.name,
  });
});

scenario('a single agent calls out', async (scene) => {
  await twilio.phone(SHOP, { behaviour: { answers_after: 0 }, sound: { tone: 440 } });
  const agent = await scene.softphone(4, 620);
  await agent.connect(SHOP);
  const { sid } = await agent.talks();
  await agent.hears(440);
  await twilio.phoneHears(SHOP, 620);
  await agent.hangUp();
  await agent.quiet();
  const { from, to } = await twilio.ended(sid);
  assert.deepEqual([from, to].map(String), [`client:${agent.agent.identity}`, SHOP]);
  await logged(sid, {
    workspace: 'acme', direction: 'outbound', sender: 'user', status: 'completed',
    body: /^Outgoing call, \d+ s\.$/, user: agent.agent.user, contact: null,
  });
});

scenario('two calls at once with two agents, and both log rows are right', async (scene) => {
  const callers = ['+15005550171', '+15005550172'];
  const [one, two] = await scene.softphones({ 1: 500, 2: 800 });
  const first = await twilio.call(callers[0]);
  await two.rings();
  await one.answer();
  await two.stops();
  const second = await twilio.call(callers[1]);
  await two.answer();
  // Both talk now.
  const both = await Promise.all([first, second].map((sid) => twilio.fetchCall(sid)));
  assert.deepEqual(both.map(({ status }) => status), ['in-progress', 'in-progress']);
  await twilio.hangUp(first);
  await twilio.hangUp(second);
  for (const [sid, agent] of [[first, one], [second, two]]) {
    await logged(sid, { workspace: 'acme', status: 'completed', user: agent.agent.user });
    const holds = ({ outcome, handled_by }) => outcome === 'completed' && handled_by === agent.agent.user;
    await call(sid, `completed by agent ${agent.agent.number}`, holds);
  }
});

scenario('only the assigned agent rings', async (scene) => {
  const [one, two, three, four] = await scene.softphones({ 1: 500, 2: 620, 3: 740, 4: 860 });
  const sid = await twilio.call(mia.number);
  await two.answer();
  await two.hangUp();
  await twilio.ended(sid);
  await logged(sid, { status: 'completed', user: two.agent.user, contact: mia.name });
  await silent(one, three, four);
});

scenario('two agents are assigned: both ring, nobody else', async (scene) => {
  const { noor } = stage.contacts;
  const [one, two, three, four] = await scene.softphones({ 1: 500, 2: 620, 3: 740, 4: 860 });
  const sid = await twilio.call(noor.number);
  await one.rings();
  await three.answer();
  await one.stops();
  await three.hangUp();
  await twilio.ended(sid);
  await logged(sid, { status: 'completed', user: three.agent.user, contact: noor.name });
  await silent(two, four);
});

/** Checks that these agents have not rung. */
async function silent(...agents) {
  for (const agent of agents) {
    const rang = (await agent.events()).filter(({ what }) => what === 'incoming');
    assert.deepEqual(rang, [], `agent ${agent.agent.number}`);
  }
}
