// The console as an agent uses it: sign in, ring, answer, talk, call out.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;
const STRANGER = '+15005550199';
const SHOP = '+15005550160';
const ABROAD = '+4930123456';

scenario('console: the link signs in, and leaves no secret in the address', async (scene) => {
  const ana = await scene.console(1);
  assert.equal(ana.page.url(), `${stage.server}/`);
  await ana.shows('my-name', 'Agent 1');
  await ana.page.reload();
  await ana.registered();
  await ana.shows('my-name', 'Agent 1');
});

scenario('console: a pasted session signs in, and a bad one shows the reason', async (scene) => {
  const ana = await scene.console(1, { registered: false });
  await ana.page.evaluate(() => sessionStorage.clear());
  await ana.page.goto(`${stage.server}/?`);
  await ana.part('workspace-input').fill('acme');
  await ana.part('session-input').fill('no.session.here');
  await ana.click('sign-in');
  await ana.page.locator('#sign-in-problem').waitFor();
  await ana.part('session-input').fill(agent(1).session);
  await ana.click('sign-in');
  await ana.registered();
});

scenario('console: an incoming call is answered, muted, gets digits and is hung up', async (scene) => {
  await twilio.phone(mia.number, { sound: { tone: 440 } });
  const ana = await scene.console(2, { hz: 620 });
  const sid = await twilio.call(mia.number);
  await ana.rings();
  await ana.shows('incoming-name', mia.name);
  await ana.shows('incoming-number', digits(mia.number));
  await ana.shows('incoming-why', /assigned/i);
  await until('the title tells of the call', () => ana.page.title(), (title) => title !== 'Switchroom');
  await ana.answer();
  await ana.hears(440);
  await twilio.phoneHears(mia.number, 620);
  await ana.click('mute');
  await until('the caller hears nothing', () => twilio.fetchPhone(mia.number), ({ heard }) => !heard?.tone_hz);
  await ana.click('mute');
  await twilio.phoneHears(mia.number, 620);
  await ana.click('toggle-dialpad');
  for (const key of '12') await ana.click(`dialpad-${key}`);
  await until('the caller hears the keys', () => twilio.fetchPhone(mia.number), ({ heard }) => heard?.digits === '12');
  await ana.click('hangup');
  await ana.shows('call-ended', 'You hung up');
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: an outgoing call is checked, placed and ended', async (scene) => {
  await twilio.phone(SHOP, { behaviour: { answers_after: 1 }, sound: { tone: 440 } });
  const ana = await scene.console(4, { hz: 620 });
  await ana.part('dial-number').fill('12');
  await ana.click('dial');
  await ana.shows('dial-problem', /./);
  await ana.part('dial-number').fill(SHOP);
  await heads(ana);
  await ana.click('dial');
  await ana.talks();
  assert.deepEqual(await ana.page.evaluate(() => heads), ['Calling…', 'Ringing…', 'On a call']);
  await ana.hears(440);
  await twilio.phoneHears(SHOP, 620);
  const sid = await twilio.running();
  await twilio.hangUp(sid);
  await ana.shows('call-ended', 'They hung up');
  await logged(sid, { direction: 'outbound', status: 'completed', user: ana.agent.user });
});

// The server speaks to the agent, and the SDK treats that as an answer.
scenario('console: a busy line is said to be busy, and no call is shown as answered', async (scene) => {
  await twilio.phone(SHOP, { behaviour: 'declines' });
  const ana = await scene.console(4);
  await ana.part('dial-number').fill(SHOP);
  await heads(ana);
  await ana.click('dial');
  await ana.shows('call-trouble', 'The line is busy');
  assert.ok(!(await ana.says('call-timer')), 'nothing is counted');
  await ana.shows('call-ended', 'The line is busy');
  const seen = await ana.page.evaluate(() => heads);
  assert.equal(seen.at(-1), 'Not connected');
  assert.ok(!seen.includes('On a call'), seen.join());
  await ana.click('tab-calls');
  await ana.part('log-row').first().click();
  await ana.shows('log-detail', /Their phone.*declined, or busy/s);
  assert.doesNotMatch(await ana.says('log-detail'), /Agent|Wave/);
});

scenario('console: a number that may not be called is refused while it is typed, and no call is placed', async (scene) => {
  const ana = await scene.console(4);
  await ana.part('dial-number').fill(ABROAD);
  await heads(ana);
  await ana.click('dial');
  await ana.shows('dial-problem', /another country/);
  assert.deepEqual(await ana.page.evaluate(() => heads), []);
  // What is refused can be put right.
  await twilio.phone(SHOP, { behaviour: { answers_after: 1 }, sound: { tone: 440 } });
  await ana.part('dial-number').fill('(500) 555-0160');
  await ana.shows('dial-shown', 'Will call +1 500-555-0160 (US)');
  await ana.click('dial');
  await ana.talks();
  await ana.hears(440);
  await ana.click('hangup');
});

scenario('console: a ringing call survives a reload', async (scene) => {
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const ana = await scene.console(1, { hz: 620 });
  const sid = await twilio.call(STRANGER);
  await ana.rings();
  await ana.page.reload();
  await ana.answer();
  await ana.hears(440);
  await twilio.phoneHears(STRANGER, 620);
  await ana.click('hangup');
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: a running call survives a reload', async (scene) => {
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  const ana = await scene.console(1, { hz: 620 });
  const sid = await twilio.call(STRANGER);
  await ana.answer();
  await ana.hears(440);
  // The browser asks before leaving, and stays if the agent says so.
  const asked = [];
  ana.page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    return asked.length === 1 ? dialog.dismiss() : dialog.accept();
  });
  await ana.page.evaluate(() => void setTimeout(() => location.reload()));
  await until('the browser asks', async () => asked.length, (count) => count === 1);
  await ana.hears(440);
  await ana.page.reload();
  assert.deepEqual(asked, ['beforeunload', 'beforeunload']);
  await ana.talks();
  await ana.hears(440);
  await twilio.phoneHears(STRANGER, 620);
  assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
  await ana.click('hangup');
  await logged(sid, { status: 'completed', user: ana.agent.user });
  await ana.page.reload();
  await ana.registered();
  assert.equal(asked.length, 2, 'no call, no question');
});

/** Records the texts of the head of a call's card. */
const heads = (console) =>
  console.page.evaluate(() => {
    globalThis.heads = [];
    new MutationObserver(() => {
      const said = document.querySelector('[data-test=active-call] header span')?.textContent;
      if (said && said !== globalThis.heads.at(-1)) globalThis.heads.push(said);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

/** The digits of a number, in any grouping, with or without its calling code of one digit. */
const digits = (number) => new RegExp(`^\\D*(${number[1]}\\D*)?${[...number.slice(2)].join('\\D*')}$`);
