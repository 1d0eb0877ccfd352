// The story of `cargo xtask demo`: two links, and "place a call" on the emulator's page.

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';

scenario('two links: "place a call" makes both ring, one answers, the other says who answered', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  const page = await scene.page(await scene.context());
  await page.goto(stage.emulator, { waitUntil: 'domcontentloaded' });
  const form = page.locator('#place');
  await form.getByLabel('From').fill('+15005550199');
  await form.getByLabel('To').fill(stage.acme.number);
  await form.getByRole('button').click();
  await Promise.all([ana.rings(), ben.rings()]);
  await scene.show(ben, 'story-both-ring');
  await ben.answer();
  await ana.shows('call-ended', 'Agent 2 took it');
  await scene.show(ana, 'story-who-took-it');
  await scene.show({ page }, 'emulator-page');
  const sid = await twilio.running();
  await ben.click('hangup');
  await logged(sid, { status: 'completed', user: ben.agent.user });
});
