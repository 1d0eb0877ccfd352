// No caller is lost by a press that was meant for something else.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia, ola } = stage.contacts;
const STRANGER = '+15005550199';
const OTHER = '+15005550198';

/** Whether the element has the focus, by its mark. */
const focus = (console) => console.page.evaluate(() => document.activeElement.dataset.test ?? document.activeElement.id);

const card = (console, text) => console.page.locator('[data-test=incoming-card]', { hasText: text });

/** Waits until this many calls ring. */
const ring = (console, count) =>
  until(`${count} cards`, () => console.part('incoming-card').count(), (seen) => seen === count);

for (const pause of [60, 600]) {
  for (const [size, options] of [
    ['desk', {}],
    ['phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ]) {
    scenario(`console: a second press ${pause} ms after Answer does not hang up, ${size}`, async (scene) => {
      await twilio.phone(mia.number, { sound: { tone: 440 } });
      const ben = await scene.console(2, { context: await scene.context(options) });
      for (const height of [0.1, 0.5, 0.9]) {
        const sid = await twilio.call(mia.number);
        await ben.rings();
        await ben.part('answer').scrollIntoViewIfNeeded();
        const box = await ben.part('answer').boundingBox();
        const [x, y] = [box.x + box.width / 2, box.y + box.height * height];
        const press = () => (options.hasTouch ? ben.page.touchscreen.tap(x, y) : ben.page.mouse.click(x, y));
        await press();
        await sleep(pause);
        const under = await ben.page.evaluate(([x, y]) => document.elementFromPoint(x, y).closest('button')?.dataset.test, [x, y]);
        assert.ok(!['hangup', 'decline', 'end-and-answer'].includes(under), `${under} is under the pointer`);
        await press();
        await ben.talks();
        await ben.hears(440);
        assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
        // One that is meant is obeyed.
        await ben.click('hangup');
        await ben.shows('call-ended', 'You hung up');
        await logged(sid, { status: 'completed' });
      }
    });
  }
}

scenario('console: a second press on Decline does not decline the next caller', async (scene) => {
  const ana = await scene.console(1);
  await twilio.call(STRANGER);
  await ring(ana, 1);
  await twilio.call(OTHER);
  await ring(ana, 2);
  const box = await ana.part('decline').first().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await ana.page.mouse.click(x, y);
  await ring(ana, 1);
  await ana.page.mouse.click(x, y);
  await sleep(500);
  await ring(ana, 1);
});

for (const way of ['click', 'key']) {
  scenario(`console: answering a second call by ${way} asks before it ends the first`, async (scene) => {
    await twilio.phone(mia.number, { sound: { tone: 440 } });
    await twilio.phone(ola.number, { sound: { tone: 740 } });
    const ben = await scene.console(2);
    const first = await twilio.call(mia.number);
    await ring(ben, 1);
    const second = await twilio.call(ola.number);
    await ring(ben, 2);
    await card(ben, mia.name).locator('[data-test=answer]').click();
    await ben.talks();
    await ben.hears(440);
    const answer = () => (way === 'click' ? ben.click('answer') : ben.page.keyboard.press('a'));
    await answer();
    await ben.shows('answer-question', `You are on a call with ${mia.name}. End this call and answer?`);
    assert.equal(await focus(ben), 'keep-call');
    // Pressed again, it still ends nothing.
    if (way === 'key') await ben.page.keyboard.press('a');
    await scene.show(ben, `second-call-${way}`);
    await ben.click('keep-call');
    await ben.hears(440);
    assert.equal((await twilio.fetchCall(first)).status, 'in-progress');
    await answer();
    await ben.click('end-and-answer');
    await ben.shows('call-name', ola.name);
    await ben.hears(740);
    await ben.shows('call-ended', 'You hung up');
    await logged(first, { status: 'completed', user: ben.agent.user });
    assert.equal((await twilio.fetchCall(second)).status, 'in-progress');
  });
}

scenario('console: when a ringing card ends, Enter does not decline the other caller', async (scene) => {
  const ana = await scene.console(1);
  const first = await twilio.call(STRANGER);
  await ring(ana, 1);
  await twilio.call(OTHER);
  await ring(ana, 2);
  await card(ana, '0199').locator('[data-test=answer]').focus();
  await twilio.hangUp(first);
  await ring(ana, 1);
  assert.equal(await focus(ana), 'incoming-card');
  await ana.page.keyboard.press('Enter');
  await ana.page.keyboard.press('Space');
  await sleep(500);
  await ring(ana, 1);
});

scenario('console: after Enter on Answer the focus is on the card of the call, and Enter hangs nobody up', async (scene) => {
  const ana = await scene.console(1);
  const sid = await twilio.call(STRANGER);
  await ana.rings();
  await until('Answer has the focus', () => focus(ana), (at) => at === 'answer');
  await ana.page.keyboard.press('Enter');
  await until('the card has the focus', () => focus(ana), (at) => at === 'active-call');
  await ana.page.keyboard.press('Enter');
  await ana.talks();
  assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
  assert.equal(await focus(ana), 'active-call');
});
