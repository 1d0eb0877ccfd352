// Texts of cards and fields: the caller, the reason, and errors in a number.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, api, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia, zoe } = stage.contacts;
const SHOP = '+15005550160';
const STRANGER = '+15005550199';

const set = (number, status) => api(agent(number), 'agents/me/status', { method: 'PUT', body: { status } });

scenario('console: the card shows the caller, and the reason why it rings', async (scene) => {
  const ana = await scene.console(1);
  await set(2, 'away');
  const cases = [
    [mia.number, mia.name, '(500) 555-0111', 'Ringing everyone: the assigned agents are not free'],
    [zoe.number, zoe.name, '(500) 555-0115', 'Ringing everyone: assigned to nobody'],
    [STRANGER, 'Unknown caller', '(500) 555-0199', 'Ringing everyone: unknown caller'],
    ['anonymous', 'Withheld number', 'Withheld number', 'Ringing everyone: unknown caller'],
  ];
  for (const [from, name, number, why] of cases) {
    const sid = await twilio.call(from);
    await ana.shows('incoming-name', name);
    await ana.shows('incoming-number', number);
    await ana.shows('incoming-why', why);
    if (from === 'anonymous') await scene.show(ana, 'withheld-number');
    await twilio.hangUp(sid);
    await ana.hides('incoming-card');
  }
  await set(2, 'available');
});

scenario('console: a number is checked before it is called', async (scene) => {
  const ana = await scene.console(4);
  const field = ana.part('dial-number');
  const cases = [
    ['', /Type a number/],
    ['call me', /character 1 is `c`/],
    ['555-1234', /area code is missing/],
    ['+0 30 123456', /no calling code/],
    ['911', /emergency number/],
    ['900 555 0100', /premium number/],
    ['+1 500 555 0160 9', /too long/],
  ];
  for (const [typed, problem] of cases) {
    await field.fill(typed);
    await ana.click('dial');
    await ana.shows('dial-problem', problem);
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'dial-number');
  }
  // Typing removes the error, and the usual separators in a number are accepted.
  await field.fill('00 1 (500) 555-01.60');
  await ana.shows('dial-shown', 'Will call +1 500-555-0160 (US)');
  await until('nothing is wrong', () => field.getAttribute('aria-invalid'), (invalid) => invalid === 'false');
  await twilio.phone(SHOP, { behaviour: { answers_after: 0 } });
  await ana.click('dial');
  await ana.talks();
  await ana.shows('call-name', '(500) 555-0160');
});

scenario('console: the second tab answers, declines, mutes, dials and hangs up through the first', async (scene) => {
  await twilio.phone(STRANGER, { sound: { tone: 440 } });
  await twilio.phone(SHOP, { behaviour: { answers_after: 0 }, sound: { tone: 740 } });
  const context = await scene.context();
  const left = await scene.console(1, { context });
  const right = await scene.console(1, { context, hz: 860 });
  await right.shows('leader', /another tab/i);
  const declined = await twilio.call(STRANGER);
  await Promise.all([left.rings(), right.rings()]);
  await right.click('decline');
  await Promise.all([left, right].map((tab) => tab.shows('call-ended', 'You declined')));
  await twilio.hangUp(declined);
  const sid = await twilio.call(STRANGER);
  await right.answer();
  await left.talks();
  await left.hears(440);
  // The first tab uses the microphone.
  await twilio.phoneHears(STRANGER, 620);
  await right.click('take-over');
  await right.shows('leader', /The other tab has a call/);
  await right.click('mute');
  await until('the first tab is muted', () => left.part('mute').getAttribute('aria-pressed'), (pressed) => pressed === 'true');
  await until('the caller hears nothing', () => twilio.fetchPhone(STRANGER), ({ heard }) => !heard?.tone_hz);
  await right.click('mute');
  await right.click('toggle-dialpad');
  for (const key of '147') await right.click(`dialpad-${key}`);
  await right.shows('dialpad-shown', '147');
  await until('the caller hears the keys', () => twilio.fetchPhone(STRANGER), ({ heard }) => heard?.digits === '147');
  await right.click('hangup');
  await Promise.all([left, right].map((tab) => tab.shows('call-ended', 'You hung up')));
  await twilio.ended(sid);
  await right.part('dial-number').fill(SHOP);
  await right.click('dial');
  await Promise.all([left.talks(), right.talks()]);
  await left.hears(740);
  await left.click('hangup');
  await right.shows('call-ended', 'You hung up');
});
