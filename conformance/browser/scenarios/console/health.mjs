// Tokens expire, servers restart; the page recovers without help.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { scenario } from '../../stage/browser.mjs';
import { agent, api, logged, stage, startServer, stopServer } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';
import { until } from '../../stage/until.mjs';

scenario('console: the token is renewed before it expires, also after a sleep', async (scene) => {
  // Its clock will be ahead of the server's, and the server refuses figures of a future day.
  const ana = await scene.console(1, { excused: /400/, before: (page) => page.clock.install() });
  let renewed = 0;
  ana.page.on('request', (request) => (renewed += request.url().includes('/token?')));
  await ana.page.clock.fastForward('56:00');
  await until('a new token is asked for', async () => renewed, (count) => count > 0);
  await ana.registered();
});

scenario('console: after a machine has slept and woken, everything works again', async (scene) => {
  let asked = 0;
  // The first token is due in the middle of the sleep.
  const brief = async (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    const response = await route.fetch();
    const issued = await response.json();
    const early = { refresh_at: issued.expires_at, expires_at: new Date(Date.parse(issued.expires_at) + 5000).toISOString() };
    return route.fulfill({ response, json: { ...issued, ...early, ttl: 25 } });
  };
  const ana = await scene.console(1, { before: (page) => page.route('**/token?*', brief), excused: /WebSocket|Failed to load resource|ERR_|network error/ });
  await api(agent(2), 'agents/me/status', { method: 'PUT', body: { status: 'available' } });
  await until('Agent 2 is available', () => ana.part('wallboard').innerText(), (text) => /Agent 2\s+\d+:\d\d\s+Available/.test(text));
  assert.equal(asked, 1);
  await scene.asleep(async () => {
    const until = sleep(32_000);
    // No connection outlives a sleep.
    await twilio.drop(ana.agent.identity);
    await stopServer();
    await startServer();
    await api(agent(2), 'agents/me/status', { method: 'PUT', body: { status: 'away' } });
    await until;
  });
  const woke = Date.now();
  await until('the token is renewed', async () => asked, (count) => count === 2);
  const hers = ({ identity, registered }) => identity === ana.agent.identity && registered;
  await until('agent 1 is at the gateway', twilio.devices, (all) => all.some(hers));
  await ana.registered();
  await until('the team is right', () => ana.part('wallboard').innerText(), (text) => /Agent 2\s+\d+:\d\d\s+Away/.test(text));
  await until('the stream is live', () => ana.page.locator('#stream').innerText(), (text) => text === 'Live');
  console.log(`asleep for 32 s; right again ${((Date.now() - woke) / 1000).toFixed(1)} s later`);
  const sid = await twilio.call('+15005550199');
  await ana.answer();
  await twilio.hangUp(sid);
  await ana.shows('call-ended', 'The caller hung up');
  await api(agent(2), 'agents/me/status', { method: 'PUT', body: { status: 'available' } });
});

scenario('console: a token refused by Twilio is replaced', async (scene) => {
  let refused = 0;
  const forge = async (route) => {
    if (refused++) return route.continue();
    const answer = await route.fetch();
    const issued = await answer.json();
    const [head, claims] = issued.token.split('.');
    return route.fulfill({ response: answer, json: { ...issued, token: `${head}.${claims}.AAAA` } });
  };
  const ana = await scene.console(1, { before: (page) => page.route('**/token?*', forge) });
  await until('the page has asked again', async () => refused, (count) => count > 1);
  await ana.registered();
});

scenario('console: an expired session asks to sign in again', async (scene) => {
  const ana = await scene.console(1, {
    registered: false,
    before: (page) => page.route('**/token?*', (route) => route.fulfill({
      status: 401,
      json: { error: 'The session has expired.', code: 'session_expired' },
    })),
    excused: /401/,
  });
  await ana.shows('registration', 'Not ready');
  await ana.shows('notice', /sign in/i);
});

scenario('console: the server restarts, and the page recovers without help', async (scene) => {
  const refused = /Failed to load resource|ERR_|events|network error/i;
  const [ana, ben] = await Promise.all([1, 2].map((number) => scene.console(number, { excused: refused })));
  await Promise.all([ana, ben].map((one) => one.click('status-available')));
  await stopServer();
  const began = Date.now();
  await startServer();
  const up = Date.now();
  const right = (text) => /Agent 1.*Available.*Agent 2.*Available/s.test(text);
  await Promise.all([ana, ben].map((one) => one.registered()));
  await until('the stream is live', () => ana.page.locator('#stream').innerText(), (text) => text === 'Live');
  await until('the team is right', () => ana.part('wallboard').innerText(), right);
  console.log(`server away for ${((up - began) / 1000).toFixed(1)} s; the pages were right ${((Date.now() - up) / 1000).toFixed(1)} s later`);
  const { agents } = await api(agent(4), 'agents');
  const statuses = [1, 2].map((number) => agents.find(({ user_id }) => user_id === agent(number).user).status);
  if (statuses.some((status) => status !== 'available')) throw new Error(`wrong after the restart: ${statuses}`);
  const sid = await twilio.call(stage.contacts.ola.number);
  await ben.rings();
  await ana.answer();
  await ben.shows('call-ended', 'Agent 1 took it');
  await twilio.hangUp(sid);
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: a call goes on while the server restarts', async (scene) => {
  const refused = /Failed to load resource|ERR_|network error/i;
  const ana = await scene.console(1, { excused: refused });
  await twilio.phone('+15005550199', { sound: { tone: 440 } });
  const sid = await twilio.call('+15005550199');
  await ana.answer();
  await stopServer();
  await ana.hears(440);
  await startServer();
  await ana.hears(440);
  await ana.click('hangup');
  await ana.shows('call-ended', 'You hung up');
  await logged(sid, { status: 'completed', user: ana.agent.user });
});
