// A device registers only with the token that the server issues for the agent.

import assert from 'node:assert/strict';

import { scenario } from '../stage/browser.mjs';
import { agent, api } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

scenario('a device registers with the token of our server', async (scene) => {
  const ana = await scene.softphone(1, 500);
  const pages = (await twilio.devices()).filter((device) => device.is_page);
  const hers = pages.filter((device) => device.identity === ana.agent.identity);
  assert.deepEqual(hers.map((device) => device.registered), [true]);
});

scenario('a changed token is refused', async (scene) => {
  const { token } = await api(agent(1), `token?identity=${agent(1).identity}`);
  const [head, claims, signature] = token.split('.');
  const changed = JSON.parse(Buffer.from(claims, 'base64url'));
  changed.grants.identity = agent(2).identity;
  const forged = [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
  const mallory = await scene.softphone(1, 500, { token: forged, refused: true });
  await mallory.tells('error', ({ code }) => code === 31202);
  await mallory.until('is not registered', ({ device }) => device === 'unregistered');
});
