// The unchanged samples of docs/embedding.md, on another origin.

import assert from 'node:assert/strict';

import { bundle, registered, samples } from '../../pages/host.mjs';
import { scenario } from '../../stage/browser.mjs';
import { agent, logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

const { mia } = stage.contacts;
const acme = { workspace: 'acme', token: agent(2).session };
const globex = { workspace: 'globex', token: stage.globex.agents[0].session };

/** Waits until the caller is answered: a page shows that it answers before it has. */
const talks = (sid) =>
  until(`${sid} is answered`, () => twilio.fetchCall(sid), ({ status }) => status === 'in-progress');

scenario('embedding: the module rings, answers and ends a call in a page of the team’s own', async (scene) => {
  const [sample, leaving] = await samples('js');
  const module = `${sample}\n${leaving}\nglobalThis.phone = phone;`;
  const host = await scene.host(await bundle(`import './sample';`, module, 'js'), (token) => {
    const told = (globalThis.told = []);
    globalThis.supabase = { auth: { getSession: async () => ({ data: { session: { access_token: token } } }) } };
    globalThis.showCard = (line) => told.push(line.name);
    globalThis.hideCard = (line, text) => told.push(text);
  }, acme.token);
  const told = (...wanted) =>
    until(`the page is told ${wanted}`, () => host.page.evaluate(() => told), (all) => all.join() === wanted.join());
  await registered(agent(2), 1);
  const sid = await twilio.call(mia.number);
  await told(mia.name);
  await host.page.evaluate(() => phone.answer());
  await talks(sid);
  const asked = [];
  host.page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    return dialog.dismiss();
  });
  await host.page.mouse.click(5, 5);
  await host.page.evaluate(() => void setTimeout(() => location.reload()));
  await until('the browser asks', async () => asked, (all) => all.join() === 'beforeunload');
  await twilio.hangUp(sid);
  await told(mia.name, 'The caller hung up');
  await logged(sid, { status: 'completed', user: agent(2).user });
  await host.page.evaluate(() => phone.close());
  await registered(agent(2), 0);
  await host.page.reload();
  assert.equal(asked.length, 1, 'no call, no question');
});

scenario('embedding: a page imports the module on demand', async (scene) => {
  const [, , sample] = await samples('js');
  const host = await scene.host(await bundle(`import './sample';`, `${sample}\nglobalThis.connect = connect;`, 'js'));
  await host.page.waitForFunction(() => globalThis.connect);
});

scenario('embedding: the React sample keeps one phone, and closes it', async (scene) => {
  const main = `
    import { StrictMode } from 'react';
    import { createRoot } from 'react-dom/client';
    import { Calls } from './sample';
    const root = createRoot(document.getElementById('app'));
    globalThis.show = (place) => root.render(
      <StrictMode>{place && <Calls workspace={place.workspace} session={async () => place.token} />}</StrictMode>,
    );`;
  const [sample] = await samples('jsx');
  const host = await scene.host(await bundle(main, sample, 'jsx'));
  const show = (place) => host.page.evaluate((given) => show(given), place);
  const idle = () => until('no call is shown', () => host.page.locator('article').count(), (count) => count === 0);
  await show(acme);
  const first = await registered(agent(2), 1);
  const sid = await twilio.call(mia.number);
  await host.page.getByRole('heading', { name: mia.name }).waitFor();
  await host.button('Answer').click();
  await talks(sid);
  // A new rendering passes a new session function, and keeps the phone.
  await show(acme);
  assert.deepEqual(await registered(agent(2), 1), first);
  await host.button('Hang up').click();
  await idle();
  await logged(sid, { status: 'completed', user: agent(2).user });

  const left = await twilio.call(mia.number);
  await host.button('Answer').click();
  await talks(left);
  await show(globex);
  await twilio.ended(left);
  await idle();
  await registered(agent(2), 0);
  await registered(stage.globex.agents[0], 1);
  await show(null);
  await registered(stage.globex.agents[0], 0);
  await show(acme);
  await registered(agent(2), 1);
});

scenario('embedding: the Vue sample answers, says why a call ended, and closes', async (scene) => {
  const main = `
    import { createApp, h, shallowRef } from 'vue';
    import Calls from './sample';
    const place = shallowRef(null);
    globalThis.show = (given) => (place.value = given);
    createApp(() => place.value && h(Calls, {
      key: place.value.workspace, workspace: place.value.workspace, session: async () => place.value.token,
    })).mount('#app');`;
  const [sample] = await samples('vue');
  const host = await scene.host(await bundle(main, sample, 'vue'));
  const show = (place) => host.page.evaluate((given) => show(given), place);
  await show(acme);
  await registered(agent(2), 1);
  const sid = await twilio.call(mia.number);
  await host.page.getByRole('heading', { name: mia.name }).waitFor();
  await host.button('Answer').click();
  await talks(sid);
  await twilio.hangUp(sid);
  await host.page.getByRole('status').filter({ hasText: 'The caller hung up' }).waitFor();
  await logged(sid, { status: 'completed', user: agent(2).user });
  await show(globex);
  await registered(agent(2), 0);
  await registered(stage.globex.agents[0], 1);
  await show(null);
  await registered(stage.globex.agents[0], 0);
});
