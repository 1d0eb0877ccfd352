// What the page shows is so: the log after a failure, calls that were cancelled, a workspace that is not the agent's.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;
const STRANGER = '+15005550199';

scenario('console: a log that could not be loaded claims nothing, and is whole when it is tried again', async (scene) => {
  const ana = await scene.console(1, { excused: /503|Failed to load resource/ });
  const sids = [await twilio.call(STRANGER), await twilio.call('+15005550198')];
  for (const sid of sids) await twilio.hangUp(sid);
  for (const sid of sids) await logged(sid, { direction: 'inbound' });
  const away = (route) => route.fulfill({ status: 503, json: { error: 'The database is away.', code: 'unavailable' } });
  await ana.page.route('**/calls?*', away);
  await ana.click('tab-calls');
  const end = () => ana.page.locator('#log-end').innerText();
  await until('it failed', end, (text) => /The database is away\. Try again/.test(text));
  // A call that comes meanwhile is not the whole log.
  const live = await twilio.call(mia.number);
  await twilio.hangUp(live);
  await logged(live, { direction: 'inbound' });
  assert.match(await end(), /Try again/);
  assert.equal(await ana.part('log-row').count(), 0);
  await ana.page.unroute('**/calls?*');
  await ana.page.getByRole('button', { name: 'Try again' }).click();
  await until('it is whole', () => ana.part('log-row').count(), (count) => count >= 3);
  assert.doesNotMatch(await end(), /cannot be loaded|Try again/);
  assert.equal(await ana.says('notice'), null);
});

scenario('console: a call out that the agent cancels reads so, and the number can be copied and called again', async (scene) => {
  const shop = '+15005550160';
  await twilio.phone(shop, { behaviour: { answers_after: 25 } });
  const context = await scene.context({ permissions: ['microphone', 'local-network-access', 'clipboard-read', 'clipboard-write'] });
  const dee = await scene.console(4, { context });
  await dee.part('dial-number').fill(shop);
  await dee.click('dial');
  await until('it rings there', () => dee.says('active-call'), (text) => /Ringing…/.test(text ?? ''));
  await dee.click('hangup');
  await dee.shows('call-ended', 'You hung up');
  await dee.click('tab-calls');
  const first = dee.part('log-row').first();
  await until('it was cancelled', () => first.innerText().catch(String), (text) => /Cancelled/.test(text));
  await first.click();
  await dee.shows('log-detail', /cancelled/);
  assert.doesNotMatch(await dee.says('log-detail'), /caller hung up/);
  await dee.click('copy-number');
  await dee.shows('copy-number', 'Copied');
  assert.equal(await dee.page.evaluate(() => navigator.clipboard.readText()), shop);
  await twilio.phone(shop, { behaviour: { answers_after: 0 } });
  await dee.click('call-back');
  await dee.talks();
  await dee.click('hangup');
});

scenario('console: a workspace that is not the agent’s opens nothing, and the form says why', async (scene) => {
  const page = await scene.page(await scene.context());
  page.excused = /404|Failed to load resource/;
  await page.goto(`${stage.server}/#workspace=nowhere&session=${agent(1).session}`);
  const problem = page.locator('#sign-in-problem');
  await until('it says why', () => problem.innerText().catch(String), (text) => /workspace/i.test(text));
  assert.equal(await page.locator('#app').isVisible(), false);
});

scenario('console: a parameter and an address that do not exist are refused by name', async (scene) => {
  const ana = await scene.console(1, { excused: /400|404|Failed to load resource/ });
  const ask = (path) =>
    ana.page.evaluate(async (path) => {
      const { workspace, session } = JSON.parse(sessionStorage.getItem('switchroom:session'));
      const answer = await fetch(`/api/workspaces/${workspace}/${path}`, { headers: { authorization: `Bearer ${session}` } });
      return [answer.status, await answer.json()];
    }, path);
  const [status, body] = await ask('calls?nombre=1');
  assert.deepEqual([status, body.code, body.error], [400, 'field_unknown', 'There is no parameter `nombre`.']);
  assert.equal((await ask('nope'))[0], 404);
});

scenario('console: on a phone an incoming call is seen wherever the log is scrolled to, and what is typed stays', async (scene) => {
  const context = await scene.context({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const ana = await scene.console(1, { context });
  await ana.part('dial-number').fill('030 12');
  await ana.click('tab-team');
  await ana.page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  const sid = await twilio.call(STRANGER);
  await ana.rings();
  const { y, height } = await ana.part('answer').boundingBox();
  assert.ok(y >= 0 && y + height <= 740, `Answer is at ${y}`);
  assert.equal(await ana.part('dial-number').inputValue(), '030 12');
  assert.equal(await ana.part('dial-number').isHidden(), false);
  await scene.show(ana, 'incoming-on-phone');
  await ana.answer();
  // Hang up stays where it is when the keypad opens, however large the text is.
  await ana.click('toggle-dialpad');
  await scene.show(ana, 'keypad-on-phone');
  const [hangUp, pad] = await Promise.all(['hangup', 'dialpad-1'].map((mark) => ana.part(mark).boundingBox()));
  assert.ok(hangUp.y < pad.y, 'the keypad is below');
  await twilio.hangUp(sid);
});
