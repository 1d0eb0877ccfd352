// The reason why a ring stopped: the SDK does not know it, the server's events do.

import { scenario } from '../../stage/browser.mjs';
import { logged, stage } from '../../stage/stage.mjs';
import * as twilio from '../../stage/twilio.mjs';

const STRANGER = '+15005550199';

scenario('console: two agents ring, one answers, and the other page says who answered', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  const sid = await twilio.call(STRANGER);
  await ben.rings();
  await ana.answer();
  await ben.hides('incoming-card');
  await ben.shows('call-ended', 'Agent 1 took it');
  await ana.click('hangup');
  await logged(sid, { status: 'completed', user: ana.agent.user });
});

scenario('console: the caller hangs up, and the card says so', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  const sid = await twilio.call(STRANGER);
  await Promise.all([ana.rings(), ben.rings()]);
  await twilio.hangUp(sid);
  await Promise.all([ana, ben].map((one) => one.shows('call-ended', 'The caller hung up')));
});

scenario('console: one agent declines and the other answers', async (scene) => {
  const [ana, ben] = await Promise.all([scene.console(1), scene.console(2)]);
  const sid = await twilio.call(STRANGER);
  await ana.rings();
  await ana.click('decline');
  await ana.shows('call-ended', 'You declined');
  await ben.answer();
  await twilio.hangUp(sid);
  await logged(sid, { status: 'completed', user: ben.agent.user });
});

scenario('console: nobody answers, and the card says so', async (scene) => {
  // This workspace rings for five seconds only.
  const ana = await scene.console(1, { team: stage.globex });
  const sid = await twilio.call(STRANGER, { to: stage.globex.number });
  await ana.rings();
  await ana.shows('call-ended', 'You did not answer in time');
  await logged(sid, { workspace: 'globex', status: 'no_answer', user: null });
});
