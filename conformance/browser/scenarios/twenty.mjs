// Twenty complete calls in a row on the same two pages.

import { scenario } from '../stage/browser.mjs';
import { logged } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

const CALLS = 20;

scenario('twenty complete calls in a row', async (scene) => {
  const agents = await scene.softphones({ 1: 540, 2: 900 });
  const began = Date.now();
  for (let n = 0; n < CALLS; n += 1) {
    // The caller's tone differs from call to call, so that a test cannot mistake the previous call for this one.
    const [tone, number] = [1100 + 40 * (n % 10), `+150055502${String(n).padStart(2, '0')}`];
    await twilio.phone(number, { sound: { tone } });
    const sid = await twilio.call(number);
    const [winner, other] = n % 2 ? agents : [...agents].reverse();
    await other.rings();
    await winner.answer();
    await other.stops();
    await winner.hears(tone);
    await twilio.phoneHears(number, winner.hz);
    await (n % 4 < 2 ? twilio.hangUp(sid) : winner.hangUp());
    await winner.quiet();
    await twilio.ended(sid);
    await logged(sid, { status: 'completed', user: winner.agent.user });
  }
  console.log(`${CALLS} calls, heard both ways, in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}, { within: 600_000 });
