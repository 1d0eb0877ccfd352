// Statuses set by agents and by calls, and several tabs of one agent.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, api, call, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { ola, mia } = stage.contacts;

/** Waits until the team sees this status of an agent. */
const seen = (who, status, within) =>
  until(`agent ${who.number} is ${status}`, async () => {
    const { agents } = await api(agent(4), 'agents');
    return agents.find(({ user_id }) => user_id === who.user);
  }, (row) => row?.status === status && row, within);

scenario('console: an agent who is away does not ring', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  await ana.click('status-away');
  await ana.shows('my-status', /^Away/);
  await seen(ana.agent, 'away');
  // Ola is assigned to both.
  const sid = await twilio.call(ola.number);
  await ben.answer();
  assert.equal(await ana.says('incoming-card'), null);
  await twilio.hangUp(sid);
  const why = ({ waves }) => waves?.[0].verdicts.find(({ user }) => user === ana.agent.user)?.reason === 'away';
  await call(sid, 'agent 1 was away', why);
  await ana.click('status-available');
  await seen(ana.agent, 'available');
});

scenario('console: an agent who sets away during a call is away after it', async (scene) => {
  const ben = await scene.console(2);
  await ben.click('status-available');
  const sid = await twilio.call(mia.number);
  await ben.answer();
  await ben.shows('my-status', /^On a call/);
  await ben.click('status-away');
  await ben.shows('my-status', /^On a call.*then away/s);
  await seen(ben.agent, 'busy');
  await twilio.hangUp(sid);
  await seen(ben.agent, 'away');
  await ben.shows('my-status', /^Away/);
  await ben.click('status-available');
  await seen(ben.agent, 'available');
});

scenario('console: an agent is offline a grace time after closing the last tab', async (scene) => {
  const ana = await scene.console(3);
  await ana.click('status-available');
  await seen(ana.agent, 'available');
  await ana.page.close();
  await seen(ana.agent, 'offline', 90_000);
  const back = await scene.console(3);
  await seen(back.agent, 'available');
});

scenario('console: a second tab says that another tab leads, and can take over', async (scene) => {
  const context = await scene.context();
  const left = await scene.console(1, { context });
  const right = await scene.console(1, { context, registered: false });
  await right.shows('leader', /another tab/i);
  const sid = await twilio.call('+15005550199');
  await left.rings();
  await twilio.hangUp(sid);
  await right.click('take-over');
  await left.shows('leader', /another tab/i);
  // Until it leads, it shows the registration of the tab that does.
  await right.hides('leader');
  await right.registered();
  const again = await twilio.call('+15005550199');
  await right.answer();
  await twilio.hangUp(again);
  // The next one leads when the leading tab is gone.
  await right.page.close();
  await left.hides('leader');
  await left.registered();
});
