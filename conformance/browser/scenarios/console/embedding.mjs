// A host page of the team's own, on another origin, that brings nothing but the console's module.

import assert from 'node:assert/strict';

import { scenario } from '../../stage/browser.mjs';
import { agent, logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;

/** What a host page writes instead of its own call manager. */
const HOST = `<!doctype html>
<html lang="en"><title>A live chat</title><link rel="icon" href="data:,">
<script type="module">
  import { connect } from '${stage.server}/console/switchroom.js';
  globalThis.told = [];
  globalThis.begin = (session) => {
    const phone = (globalThis.phone = connect({ baseUrl: '${stage.server}', workspace: 'acme', session: () => session }));
    for (const name of ['ringing', 'answered', 'ended', 'registration', 'status']) {
      phone.on(name, (detail) => told.push([name, detail.text ?? detail.state ?? detail.status ?? detail.name]));
    }
  };
</script>`;

scenario('the module rings, answers and ends a call in a page of the team’s own', async (scene) => {
  const page = await scene.page(await scene.context());
  await page.route(`${stage.origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: HOST }));
  await page.goto(`${stage.origin}/`);
  await page.waitForFunction(() => globalThis.begin);
  await page.evaluate((session) => begin(session), agent(2).session);
  const told = (what, fits) => until(what, () => page.evaluate(() => told), (all) => all.some(fits));
  await told('registered', ([name, state]) => name === 'registration' && state === 'registered');
  const sid = await twilio.call(mia.number);
  await told('it rings', ([name]) => name === 'ringing');
  await page.evaluate(() => phone.answer());
  await told('they talk', ([name]) => name === 'answered');
  await twilio.hangUp(sid);
  await told('it says why it ended', ([name, text]) => name === 'ended' && text === 'The caller hung up');
  await logged(sid, { status: 'completed', user: agent(2).user });
  await page.evaluate(() => phone.close());
  assert.deepEqual(page.faults, []);
});
