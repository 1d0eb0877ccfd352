// Signs of a call: the ring tone, a desktop notification, the page title.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';
import { witness } from '../../pages/witness.mjs';

const { mia } = stage.contacts;
const STRANGER = '+15005550199';
const PERMISSIONS = ['microphone', 'local-network-access'];

const watched = (scene, number, more = {}) =>
  scene.console(number, { before: (page) => page.addInitScript(witness), ...more });

/** Waits until the page has asked the browser for something. */
const seen = (what, console, asked, holds) => until(what, () => console.page.evaluate((asked) => witness[asked](), asked), holds);

/** Waits until the ring tone is heard. */
const sounds = (console) => seen('the ring tone is heard', console, 'ring', (ring) =>
  ring?.isPlaying && ring.level > -45 && Math.abs(ring.hz - 523) < 15 && ring);

const silent = (console) => seen('the ring tone has stopped', console, 'ring', (ring) => ring && !ring.isPlaying);

const titled = (console, wanted) => until(`the title is ${wanted}`, () => console.page.title(), (title) => title === wanted);

scenario('console: the ring tone plays exactly as long as a call rings', async (scene) => {
  const ana = await watched(scene, 1);
  for (const end of ['cancel', 'decline', 'answer']) {
    const sid = await twilio.call(STRANGER);
    await ana.rings();
    const { at } = await sounds(ana);
    await seen('it goes on', ana, 'ring', (ring) => ring.at > at + 0.2);
    if (end === 'cancel') await twilio.hangUp(sid);
    else await ana.click(end);
    await silent(ana);
    if (end === 'decline') await twilio.hangUp(sid);
  }
  await ana.talks();
  // A call that rings another agent does not disturb a running call.
  const ben = await watched(scene, 2);
  await twilio.call('+15005550198');
  await sounds(ben);
  await silent(ana);
  assert.equal(await ana.says('incoming-card'), null);
});

/**
 * A console without any click, at which a call rings in silence. Every request of a test to the page
 * counts as a click, so it waits for what others see.
 */
async function untouched(scene) {
  const context = await scene.strictContext({ permissions: PERMISSIONS });
  const ana = await watched(scene, 1, { context, registered: false });
  const hers = ({ identity, registered }) => identity === ana.agent.identity && registered;
  await until('agent 1 is registered', twilio.devices, (all) => all.some(hers));
  const blocked = ana.page.waitForEvent('console', (said) => said.text() === 'not played: NotAllowedError');
  const sid = await twilio.call(STRANGER);
  await blocked;
  await ana.shows('notice', /^Your browser keeps the ring tone silent until you click/);
  await silent(ana);
  return { ana, sid };
}

scenario('console: the page says so when the browser blocks the ring tone, and a click allows it', async (scene) => {
  const { ana } = await untouched(scene);
  await scene.show(ana, 'ring-tone-blocked');
  await ana.page.locator('#my-name').click();
  await sounds(ana);
  await ana.hides('notice');
  await ana.rings();
});

scenario('console: after a blocked ring tone, a click lets the next one play', async (scene) => {
  const { ana, sid } = await untouched(scene);
  await twilio.hangUp(sid);
  await ana.shows('call-ended', 'The caller hung up');
  await ana.page.locator('#my-name').click();
  await ana.hides('notice');
  await twilio.call(STRANGER);
  await sounds(ana);
});

scenario('console: the title shows a ringing call, a running call, or neither', async (scene) => {
  const ben = await watched(scene, 2);
  await titled(ben, 'Switchroom');
  const sid = await twilio.call(mia.number);
  await titled(ben, `(1) ${mia.name} calls · Switchroom`);
  await ben.answer();
  await titled(ben, `On a call: ${mia.name} · Switchroom`);
  await twilio.hangUp(sid);
  await titled(ben, 'Switchroom');
});

scenario('console: a notification shows a call while the page is hidden', async (scene) => {
  const context = await scene.context({ permissions: [...PERMISSIONS, 'notifications'] });
  const ben = await watched(scene, 2, { context });
  await ben.click('settings');
  await until('it is on', () => ben.page.locator('#notify-state').innerText(), (text) => text === 'On');
  await ben.click('settings-close');
  const notices = (what, holds) => seen(what, ben, 'notices', holds);
  // With the page in view, its card is enough.
  const looked = await twilio.call(mia.number);
  await ben.rings();
  await twilio.hangUp(looked);
  await ben.shows('call-ended', 'The caller hung up');
  await notices('there is no notice', (all) => all.length === 0);
  const cdp = await context.newCDPSession(ben.page);
  await cdp.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  await (await scene.page(context)).bringToFront();
  const sid = await twilio.call(mia.number);
  await notices('there is one', (all) => all.length === 1 && all[0].isOpen &&
    all[0].title === `${mia.name} calls` && all[0].body === 'Assigned to you');
  await ben.page.evaluate(() => witness.clickNotice());
  await notices('it is closed', ([one]) => !one.isOpen);
  assert.equal(await ben.page.evaluate(() => witness.focused()), 1);
  await twilio.hangUp(sid);
  await twilio.call(mia.number);
  await notices('there is another one', (all) => all.length === 2 && all[1].isOpen);
  await ben.page.evaluate(() => document.querySelector('[data-test=answer]').click());
  await notices('it is closed', (all) => !all[1].isOpen);
});

scenario('console: the page asks for notifications, and shows the answer of the browser', async (scene) => {
  const state = async (ben, wanted) => {
    await ben.click('settings');
    await until(`it is ${wanted}`, () => ben.page.locator('#notify-state').innerText(), (text) => text === wanted);
  };
  const context = await scene.strictContext({ permissions: undefined });
  const ben = await watched(scene, 2, { context });
  await state(ben, 'Off');
  await context.grantPermissions(['notifications']);
  await ben.click('notify');
  await until('it is on', () => ben.page.locator('#notify-state').innerText(), (text) => text === 'On');
  assert.equal(await ben.page.evaluate(() => witness.desktopAsked()), 1);
  assert.equal(await ben.part('notify').isDisabled(), true);
  const refused = await watched(scene, 3, { context: await scene.context({ permissions: PERMISSIONS }) });
  await state(refused, 'Not allowed by the browser');
  assert.equal(await refused.part('notify').isDisabled(), true);
});
