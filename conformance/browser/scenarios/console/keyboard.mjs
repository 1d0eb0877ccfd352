// Everything by keyboard: single keys, and Tab for the rest.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;

/** The focused element. */
const focus = (console) => console.page.evaluate(() => document.activeElement.dataset.test ?? document.activeElement.id);

const focused = (console, mark) => until(`${mark} has the focus`, () => focus(console), (at) => at === mark);

/** Presses Tab until this element has the focus. */
async function tabTo(console, mark) {
  const passed = [];
  while ((await focus(console)) !== mark) {
    await console.page.keyboard.press('Tab');
    passed.push(await focus(console));
    assert.ok(passed.length < 60, `${mark} is not reached by Tab, but ${passed.join(', ')}`);
  }
  const outline = await console.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none', `${mark} shows its focus`);
}

scenario('console: each key works as the settings describe', async (scene) => {
  const ben = await scene.console(2);
  const press = async (...keys) => {
    for (const key of keys) await ben.page.keyboard.press(key);
  };
  const dialog = ben.page.locator('dialog');
  await press('s');
  await dialog.waitFor();
  const listed = (await ben.page.locator('#keys dt').allInnerTexts()).join(' ').split(/\s+/);
  assert.deepEqual(listed, ['A', 'D', 'H', 'M', 'K', 'N', 'T', 'C', 'S']);
  // Not in the dialog.
  await press('c', 'Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await ben.page.locator('#view-calls').isVisible(), false);
  await press('c');
  await ben.page.locator('#view-calls').waitFor();
  await press('t');
  await ben.page.locator('#view-team').waitFor();
  await press('n');
  await focused(ben, 'dial-number');
  // In a field they are letters.
  await press('c', 's');
  assert.equal(await ben.part('dial-number').inputValue(), 'cs');
  assert.equal(await ben.page.locator('#view-calls').isVisible(), false);
  assert.equal(await dialog.isVisible(), false);
  await ben.part('dial-number').fill('');
  await tabTo(ben, 'tab-team');
  const declined = await twilio.call(mia.number);
  await ben.rings();
  await press('d');
  await ben.shows('call-ended', 'You declined');
  await logged(declined, { status: 'no_answer', user: null });
  const sid = await twilio.call(mia.number);
  await ben.rings();
  await press('a');
  await ben.talks();
  await press('m');
  await until('muted', () => ben.part('mute').getAttribute('aria-pressed'), (pressed) => pressed === 'true');
  await press('m');
  await until('heard again', () => ben.part('mute').getAttribute('aria-pressed'), (pressed) => pressed === 'false');
  await press('4');
  await press('k', '5', '*', '#', '0', 'k');
  await ben.hides('dialpad-5');
  await press('6');
  await until('the caller hears the keys', () => twilio.fetchPhone(mia.number), ({ heard }) => heard?.digits === '5*#0');
  await press('h');
  await ben.shows('call-ended', 'You hung up');
  await logged(sid, { status: 'completed', user: ben.agent.user });
});

scenario('console: single keys can be switched off, and Tab and Enter suffice', async (scene) => {
  const ben = await scene.console(2);
  const { keyboard } = ben.page;
  for (const [mark, status] of [['status-away', 'Away'], ['status-offline', 'Offline'], ['status-available', 'Available']]) {
    await tabTo(ben, mark);
    await keyboard.press('Enter');
    await ben.shows('my-status', new RegExp(`^${status}`));
  }
  await tabTo(ben, 'settings');
  await keyboard.press('Enter');
  for (const mark of ['microphone', 'mic-check', 'speaker', 'ringer', 'theme']) await tabTo(ben, mark);
  await tabTo(ben, 'keys-on');
  await keyboard.press('Space');
  for (const mark of ['sign-out', 'settings-close']) await tabTo(ben, mark);
  await keyboard.press('Enter');
  await focused(ben, 'settings');
  await tabTo(ben, 'tab-team');
  await keyboard.press('ArrowRight');
  await focused(ben, 'tab-calls');
  await ben.page.locator('#view-calls').waitFor();
  await keyboard.press('ArrowLeft');
  await ben.page.locator('#view-team').waitFor();
  await ben.page.reload();
  await ben.registered();
  const sid = await twilio.call(mia.number);
  await ben.rings();
  // Nobody was typing, so the answer button has the focus.
  await focused(ben, 'answer');
  for (const key of ['a', 'd', 'c', 's']) await keyboard.press(key);
  await ben.rings();
  assert.equal(await ben.page.locator('#view-calls').isVisible(), false);
  assert.equal(await ben.page.locator('dialog').isVisible(), false);
  await keyboard.press('Enter');
  await ben.talks();
  for (const mark of ['mute', 'toggle-dialpad']) await tabTo(ben, mark);
  await keyboard.press('Enter');
  await focused(ben, 'dialpad-1');
  await keyboard.press('Enter');
  await tabTo(ben, 'dialpad-9');
  await keyboard.press('Space');
  await until('the caller hears the keys', () => twilio.fetchPhone(mia.number), ({ heard }) => heard?.digits === '19');
  await tabTo(ben, 'hangup');
  await keyboard.press('Enter');
  await ben.shows('call-ended', 'You hung up');
  await twilio.ended(sid);
  await tabTo(ben, 'dial-number');
  await keyboard.type('12');
  await keyboard.press('Enter');
  await ben.shows('dial-problem', /short number/);
});

scenario('console: the keyboard moves the phone into another tab', async (scene) => {
  const context = await scene.context();
  const left = await scene.console(1, { context });
  const right = await scene.console(1, { context, registered: false });
  await right.shows('leader', /another tab/i);
  await tabTo(right, 'take-over');
  await right.page.keyboard.press('Enter');
  await right.registered();
  await right.hides('leader');
  await left.shows('leader', /another tab/i);
});
