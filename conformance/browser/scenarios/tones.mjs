// Three calls at once: all hear their own partner and nobody else.

import { scenario } from '../stage/browser.mjs';
import { logged } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';

scenario('three calls at once: each hears its own partner, both ways', async (scene) => {
  const agents = await scene.softphones({ 1: 540, 2: 720, 3: 900 });
  const callers = [['+15005550181', 1080], ['+15005550182', 1260], ['+15005550183', 1440]];
  for (const [number, tone] of callers) await twilio.phone(number, { sound: { tone } });
  const talks = [];
  for (const [index, [number, tone]] of callers.entries()) {
    const sid = await twilio.call(number);
    // All free agents ring; the first of them answers.
    await Promise.all(agents.slice(index).map((agent) => agent.rings()));
    await agents[index].answer();
    await Promise.all(agents.slice(index + 1).map((agent) => agent.stops()));
    talks.push({ sid, number, tone, agent: agents[index] });
  }
  // All three calls go on, and all are heard at the same time.
  await Promise.all(talks.flatMap(({ agent, number, tone }) => [
    agent.hears(tone),
    twilio.phoneHears(number, agent.hz),
  ]));
  for (const { sid } of talks) await twilio.hangUp(sid);
  for (const { sid, agent } of talks) {
    await logged(sid, { status: 'completed', user: agent.agent.user });
  }
});
