// Microphones and loudspeakers: the chosen ones are used, and the agent can check them.
//
// The browser has three microphones and three loudspeakers of its own, which are not there; each
// microphone beeps twice a second.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';
import { witness } from '../../pages/witness.mjs';

const { mia } = stage.contacts;

/** A console with the browser's own microphones, watched. */
const open = (scene, more = {}) =>
  scene.console(2, { hz: null, before: (page) => page.addInitScript(witness), ...more });

/** Waits until the page has asked the browser for something. */
const seen = (what, ana, asked, holds) => until(what, () => ana.page.evaluate((asked) => witness[asked](), asked), holds);

/** Waits until the call uses this microphone and this loudspeaker. */
async function uses(ana, microphone, speaker) {
  await seen(`the caller hears ${microphone}`, ana, 'speaksBy', (label) => label === microphone);
  await seen(`the caller sounds on ${speaker}`, ana, 'hearsBy', (labels) => labels.length > 0 && labels.every((label) => label === speaker));
}

const chosen = (ana, id) => ana.part(id).evaluate((select) => select.selectedOptions[0].text);
const offered = (ana, id) => ana.part(id).locator('option').allInnerTexts();

scenario('console: the chosen devices are used, remembered, and can change during a call', async (scene) => {
  await twilio.phone(mia.number, { sound: { tone: 440 } });
  const ana = await open(scene);
  await ana.click('settings');
  await until('microphones are offered', () => offered(ana, 'microphone'), (labels) =>
    labels.join() === 'System default,Fake Audio Input 1,Fake Audio Input 2');
  await ana.part('microphone').selectOption({ label: 'Fake Audio Input 1' });
  await ana.part('speaker').selectOption({ label: 'Fake Audio Output 1' });
  await ana.part('ringer').selectOption({ label: 'Fake Audio Output 2' });
  await ana.page.reload();
  await ana.registered();
  await ana.click('settings');
  await until('the choice is remembered', () => chosen(ana, 'ringer'), (label) => label === 'Fake Audio Output 2');
  assert.equal(await chosen(ana, 'microphone'), 'Fake Audio Input 1');
  assert.equal(await chosen(ana, 'speaker'), 'Fake Audio Output 1');
  await ana.click('settings-close');
  const sid = await twilio.call(mia.number);
  await seen('it rings on the ringer', ana, 'ring', (ring) => ring?.isPlaying && ring.on === 'Fake Audio Output 2');
  await ana.answer();
  await uses(ana, 'Fake Audio Input 1', 'Fake Audio Output 1');
  // Another microphone during the call, which is muted: it stays muted.
  await ana.click('mute');
  await ana.click('settings');
  await ana.part('microphone').selectOption({ label: 'Fake Audio Input 2' });
  await ana.part('speaker').selectOption({ label: 'Fake Audio Output 2' });
  await uses(ana, 'Fake Audio Input 2', 'Fake Audio Output 2');
  const silence = () => ana.page.evaluate(() => witness.isSilent());
  assert.equal(await silence(), true, 'muted');
  await ana.click('settings-close');
  await ana.click('mute');
  await until('the other end hears the agent', silence, (isSilent) => !isSilent);
  await ana.hears(440);
  await ana.click('settings');
  await ana.part('microphone').selectOption({ label: 'System default' });
  await ana.part('speaker').selectOption({ label: 'System default' });
  await uses(ana, 'Fake Default Audio Input', 'Fake Default Audio Output');
  await ana.click('settings-close');
  assert.equal((await twilio.fetchCall(sid)).status, 'in-progress');
  await ana.click('hangup');
  await ana.shows('call-ended', 'You hung up');
  await seen('every microphone is released', ana, 'microphones', (all) => all.length > 2 && all.every(({ isOpen }) => !isOpen));
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: devices come and go, and a missing one is replaced', async (scene) => {
  const ana = await open(scene);
  /** Plugs all devices in, or unplugs one of them. */
  const plug = (gone) => ana.page.evaluate((gone) => {
    const all = MediaDevices.prototype.enumerateDevices;
    navigator.mediaDevices.enumerateDevices = async () =>
      (await all.call(navigator.mediaDevices)).filter(({ label }) => label !== gone);
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  }, gone);
  await plug('Fake Audio Input 2');
  await ana.click('settings');
  await until('there is one', () => offered(ana, 'microphone'), (labels) => labels.join() === 'System default,Fake Audio Input 1');
  await plug(null);
  await until('it is there', () => offered(ana, 'microphone'), (labels) => labels.includes('Fake Audio Input 2'));
  await ana.part('microphone').selectOption({ label: 'Fake Audio Input 2' });
  await plug('Fake Audio Input 2');
  await until('it is gone', () => chosen(ana, 'microphone'), (label) => label === 'System default');
  await plug(null);
  await until('it is back, and chosen', () => chosen(ana, 'microphone'), (label) => label === 'Fake Audio Input 2');
  // Stored settings that name devices unknown to this browser.
  await ana.page.evaluate(() => {
    const gone = 'f'.repeat(64);
    localStorage.setItem('switchroom:devices', JSON.stringify({ microphone: gone, speaker: gone, ringer: gone }));
  });
  await ana.page.reload();
  await ana.registered();
  const sid = await twilio.call(mia.number);
  await seen('it rings all the same', ana, 'ring', (ring) => ring?.isPlaying);
  await ana.answer();
  await uses(ana, 'Fake Default Audio Input', 'Fake Default Audio Output');
  await ana.click('settings');
  for (const id of ['microphone', 'speaker', 'ringer']) assert.equal(await chosen(ana, id), 'System default', id);
  await twilio.hangUp(sid);
});

scenario('console: the microphone check shows its level, and releases it', async (scene) => {
  const ana = await open(scene);
  const level = async () => Number(await ana.part('mic-level').getAttribute('aria-valuenow'));
  const drawn = () => ana.part('mic-level').locator('span').evaluate((bar) => bar.getBoundingClientRect().width);
  /** The microphones that are open. */
  const held = async () => (await ana.page.evaluate(() => witness.microphones())).filter(({ isOpen }) => isOpen).map(({ label }) => label);
  await ana.click('settings');
  await ana.part('microphone').selectOption({ label: 'Fake Audio Input 2' });
  await ana.click('mic-check');
  await ana.shows('mic-check', 'Stop');
  const levels = [];
  await until('beeps are seen, and the pauses between', async () => levels.push(await level()) && levels, (all) =>
    Math.max(...all) - Math.min(...all.filter(Boolean)) > 20);
  await until('the bar is drawn', drawn, (width) => width > 20);
  assert.deepEqual(await held(), ['Fake Audio Input 2']);
  await ana.click('mic-check');
  await ana.shows('mic-check', 'Check the microphone');
  assert.deepEqual([await held(), await level()], [[], 0]);
  // Another microphone, or the end of the dialog, ends the check.
  for (const end of [() => ana.part('microphone').selectOption({ label: 'Fake Audio Input 1' }), () => ana.click('settings-close')]) {
    await ana.click('mic-check');
    await ana.shows('mic-check', 'Stop');
    await end();
    await until('the microphone is released', held, (labels) => labels.length === 0);
  }
});

scenario('console: the page says that the microphone is not allowed, also in its settings', async (scene) => {
  const ana = await open(scene, { context: await scene.strictContext({ permissions: [] }), registered: false });
  await ana.shows('notice', 'The browser does not let this page use the microphone. Allow it in the address bar.');
  await ana.click('settings');
  await ana.click('mic-check');
  await ana.shows('mic-problem', "The microphone is not allowed. Allow it in the browser's address bar.");
  await ana.shows('mic-check', 'Check the microphone');
  await scene.show(ana, 'microphone-denied-check');
  await ana.click('settings-close');
  await ana.page.context().grantPermissions(['microphone']);
  await ana.registered();
  await ana.hides('notice');
  await twilio.call(mia.number);
  await ana.answer();
});

scenario('console: the page asks for the microphone before the first call', async (scene) => {
  /** The browser asks, and the answer takes a while. */
  const slowly = () => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      await new Promise((allow) => (globalThis.allow = allow));
      return open(constraints);
    };
  };
  const before = async (page) => {
    await page.addInitScript(slowly);
    await page.addInitScript(witness);
  };
  const ana = await open(scene, { context: await scene.strictContext({ permissions: undefined }), before });
  const notice = ana.page.locator('#mic-notice');
  await until('the page asks', () => notice.innerText(), (text) => /^Before the first call/.test(text));
  await ana.click('mic-allow');
  await ana.page.context().grantPermissions(['microphone']);
  await ana.page.evaluate(() => allow());
  await seen('it is opened, and released', ana, 'microphones', ([one]) => one && !one.isOpen);
  await notice.waitFor({ state: 'hidden' });
});
