// The team live, and the log of its calls.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { api, logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia, noor } = stage.contacts;

scenario('console: the wallboard shows who waits, who talks, and for how long', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  const board = ana.part('wallboard');
  const sid = await twilio.call(mia.number);
  await ben.rings();
  await until('Mia waits', () => board.innerText(), (text) => /Mia Keller/.test(text) && /rings Agent 2/.test(text));
  await ben.answer();
  await until('they talk', () => board.innerText(), (text) => /with Agent 2/.test(text) && /\d:\d\d/.test(text));
  await twilio.hangUp(sid);
  await logged(sid, { status: 'completed' });
  await until('nobody calls', () => board.innerText(), (text) => /No calls at the moment/.test(text));
  // The figures of the day, and the charts as tables.
  await until('it is counted', () => board.innerText(), (text) => /Answered today\s+[1-9]/.test(text));
  await ana.page.getByRole('button', { name: /Calls by agent as a table/i }).click();
  const table = ana.page.getByRole('region', { name: /Calls by agent/i }).locator('table');
  await until('the table has the agent', () => table.innerText(), (text) => /Agent 2/.test(text));
});

scenario('console: the log is filtered, and shows why an agent rang', async (scene) => {
  const ana = await scene.console(1);
  const sid = await twilio.call(noor.number);
  await ana.rings();
  await twilio.hangUp(sid);
  await logged(sid, { status: 'caller_hung_up' });
  await ana.click('tab-calls');
  const rows = ana.part('log-row');
  const first = () => rows.first().innerText().catch(String);
  await until('the newest call is first', first, (text) => /Noor Haddad/.test(text));
  const all = await rows.count();
  await ana.part('filter-missed').check();
  await until('only missed calls', () => rows.allInnerTexts(), (texts) =>
    texts.length > 0 && texts.every((text) => /No answer|Caller hung up/.test(text)));
  await ana.part('filter-direction').selectOption('outbound');
  await until('none is left', () => rows.count(), (count) => count === 0);
  await ana.part('filter-direction').selectOption('');
  await until('the newest is back', first, (text) => /Noor Haddad/.test(text));
  await rows.first().click();
  const detail = ana.part('log-detail').first();
  await until('it says why', () => detail.innerText(), (text) => /Agent 1[^\n]*\(you\)/.test(text) && /not assigned/.test(text));
  await ana.part('filter-missed').uncheck();
  await until('all are back', () => rows.count(), (count) => count >= Math.min(all, 2));
});

scenario('console: fifty agents and twenty live calls on the wallboard', async (scene) => {
  const team = stage.initech;
  const viewer = await scene.console(50, { team });
  for (const agent of team.agents.slice(0, 49)) {
    await api(agent, 'agents/me/status', { method: 'PUT', body: { status: 'available' }, team });
  }
  await viewer.page.evaluate(() => {
    globalThis.slowest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.slowest = Math.max(globalThis.slowest, duration);
    }).observe({ type: 'longtask' });
  });
  const board = viewer.part('wallboard');
  const talking = async () => ((await board.innerText()).match(/with Agent \d+/g) ?? []).length;
  const calls = [];
  for (const caller of team.callers) {
    calls.push(await twilio.call(caller, { to: team.number }));
    // Only a few at once: this tests the wallboard, not the rate of calls. On a busy machine, a caller
    // may ring everybody and wait for the next wave.
    if (calls.length % 4 === 0) await until(`${calls.length} talk`, talking, (count) => count === calls.length, 60_000);
  }
  assert.equal(await board.locator('#agents > li').count(), 50);
  const names = await viewer.page.locator('#filter-agent option').allTextContents();
  assert.deepEqual(names, ['Everyone', ...team.agents.map(({ number }) => `Agent ${number}`)]);
  await scene.show(viewer, 'wallboard-of-fifty');
  for (const sid of calls) await twilio.hangUp(sid);
  await until('nobody talks', talking, (count) => count === 0);
  const slowest = await viewer.page.evaluate(() => globalThis.slowest);
  console.log(`wallboard of 50 agents and 20 calls: the longest task took ${Math.round(slowest)} ms`);
  assert.ok(slowest < 1000, `a task of ${slowest} ms`);
}, { within: 300_000 });
