// Accessibility: assistive technology, small screens, dark and light; and nothing from other hosts.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { scenario } from '../../stage/browser.mjs';
import { stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';

const { mia } = stage.contacts;
const axe = readFile(join(process.env.SWITCHROOM_TEST_PACKAGES, 'node_modules/axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 860 };

/** Checks for accessibility faults. */
async function accessible(console, where) {
  await console.page.evaluate(await axe);
  const { violations } = await console.page.evaluate(() => globalThis.axe.run());
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join('\n  ')}`);
  assert.deepEqual(told, [], where);
}

/** Checks that nothing overflows the window. */
async function fits(console, where) {
  const [width, room] = await console.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= room, `${where}: ${width} px in a window of ${room} px`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const [size, viewport] of [['desk', DESK], ['phone', PHONE]]) {
    scenario(`console: every view is accessible, ${colorScheme}, ${viewport.width} px`, async (scene) => {
      const look = async (console, view) => {
        const where = `${view}-${colorScheme}-${size}`;
        await scene.show(console, where);
        await accessible(console, where);
        await fits(console, where);
      };
      const context = await scene.context({ colorScheme, viewport, reducedMotion: 'reduce' });
      const ana = await scene.console(2, { context });
      await look(ana, 'idle');
      const sid = await twilio.call(mia.number);
      await ana.rings();
      await look(ana, 'ringing');
      await ana.answer();
      await ana.click('toggle-dialpad');
      await look(ana, 'talking');
      await twilio.hangUp(sid);
      await ana.shows('call-ended', 'The caller hung up');
      await look(ana, 'ended');
      await ana.click('tab-calls');
      await ana.part('log-row').first().click();
      await ana.part('log-detail').first().waitFor();
      await look(ana, 'log');
      await ana.click('settings');
      await look(ana, 'settings');
      await ana.click('settings-close');
      await ana.page.evaluate(() => sessionStorage.clear());
      await ana.page.goto(`${stage.server}/?`);
      await ana.part('sign-in').waitFor();
      await look(ana, 'sign-in');
    });
  }
}

scenario('console: the policy is strict, and nothing inline runs', async (scene) => {
  const ana = await scene.console(1, { excused: /Content Security Policy/ });
  const answer = await fetch(stage.server);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const blocked = await ana.page.evaluate(() => {
    const seen = new Promise((done) => addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective)));
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.head.append(script);
    return seen;
  });
  assert.match(blocked, /^script-src/);
  assert.equal(await ana.page.evaluate(() => globalThis.ran), undefined);
});

scenario('console: the page is small, and requests nothing from other hosts', async (scene) => {
  const hosts = new Set();
  const note = (request) => /^(https?|wss?):/.test(request.url()) && hosts.add(new URL(request.url()).host);
  const ana = await scene.console(1, { before: (page) => page.on('request', note) });
  assert.deepEqual([...hosts], [new URL(stage.server).host]);
  const bytes = await ana.page.evaluate(() => {
    const loaded = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    const own = loaded.filter(({ name }) => /^\/(console\/.*)?$/.test(new URL(name).pathname));
    const counted = own.filter(({ name }) => !name.endsWith('/voice-sdk.js'));
    return counted.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  });
  console.log(`console: ${(bytes / 1000).toFixed(1)} kB compressed, without the SDK`);
  assert.ok(bytes < 75_000, `${bytes} bytes`);
});
