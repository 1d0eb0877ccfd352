// Records of calls: the log, page by page, and the figures of the day, as charts and tables.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;
const CALLS = 24;

scenario('console: scrolling loads more of the log, and shows each call once', async (scene) => {
  // Pages of six, so that a few calls are enough.
  let pages = 0;
  const short = (route) => {
    pages += 1;
    return route.continue({ url: route.request().url().replace('limit=40', 'limit=6') });
  };
  const before = (page) => page.route('**/calls?*', short);
  const { acme } = stage;
  for (let n = 0; n < CALLS; n += 1) {
    const sid = await twilio.call(`+150055503${String(n).padStart(2, '0')}`, { to: acme.number });
    await twilio.hangUp(sid).catch(() => {});
    if (n === CALLS - 1) await logged(sid, {});
  }
  const context = await scene.context({ viewport: { width: 1000, height: 240 } });
  const dan = await scene.console(4, { context, before });
  await dan.click('tab-calls');
  const rows = dan.part('log-row');
  await until('there is a start', () => rows.count(), (count) => count >= 6);
  const [began, asked] = [await rows.count(), pages];
  assert.ok(began < CALLS, `${began} rows before anybody scrolls`);
  const last = dan.page.locator('#log-end');
  await until('all are there', async () => {
    await dan.page.mouse.wheel(0, 4000);
    return last.innerText();
  }, (text) => text === 'No more calls.');
  const numbers = (await rows.allInnerTexts()).flatMap((text) => text.match(/\(500\) 555-03\d\d/g) ?? []);
  // Calls of the same moment stand in either order.
  const all = Array.from({ length: CALLS }, (_, n) => `(500) 555-03${String(n).padStart(2, '0')}`);
  assert.deepEqual(numbers.sort(), all);
  assert.ok(pages > asked, 'more was asked for');
});

scenario('console: the log is filtered by agent, and a chart shows the day', async (scene) => {
  const ben = await scene.console(2);
  const sid = await twilio.call(mia.number);
  await ben.answer();
  await twilio.hangUp(sid);
  await logged(sid, { status: 'completed', user: ben.agent.user });
  for (const [chart, row] of [['Calls by agent', /Agent 2/], ['Calls by hour', /\d/]]) {
    const drawing = ben.page.getByRole('img', { name: chart });
    await until(`${chart} is drawn`, () => drawing.locator('rect.answered').count(), (count) => count > 0);
    await ben.page.getByRole('button', { name: `${chart} as a table` }).click();
    await drawing.waitFor({ state: 'hidden' });
    const table = ben.page.getByRole('region', { name: `${chart}, as a table` });
    await until('the table has it', () => table.locator('tbody').innerText(), (text) => row.test(text));
    assert.ok(await table.locator('th[scope=col]').count() >= 3);
    await ben.page.getByRole('button', { name: `${chart} as a table` }).click();
    await drawing.waitFor();
  }
  await ben.click('tab-calls');
  const rows = ben.part('log-row');
  await until('there are calls', () => rows.count(), (count) => count > 0);
  await ben.part('filter-agent').selectOption({ label: 'Agent 3' });
  await until('none of agent 2', () => rows.allInnerTexts(), (all) => all.every((text) => !/Agent 2/.test(text)));
  await ben.part('filter-agent').selectOption({ label: 'Agent 2' });
  await until('only those of agent 2', () => rows.allInnerTexts(), (all) =>
    all.length > 0 && /Mia Keller/.test(all[0]) && all.every((text) => /Agent 2/.test(text)));
  await rows.first().click();
  const legs = ben.page.getByRole('region', { name: 'Who rang' });
  await until('the ring is there', () => legs.innerText(), (text) => /Agent 2[^\n]*answered, then hung up/.test(text));
});
