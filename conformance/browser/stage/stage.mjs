// The stage that `cargo xtask browser` has set up: the server, its log, and the agents.

import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

import { until } from './until.mjs';

/** All addresses and agents; see stage/src/bin/browser/description.rs. */
export const stage = JSON.parse(process.env.SWITCHROOM_TEST_STAGE);

/** Agent `number` of the workspace acme. */
export const agent = (number) => stage.acme.agents[number - 1];

/** Asks the server as an agent's page would; JSON in and out. */
export async function api(agent, path, { method = 'GET', body, team = stage.acme } = {}) {
  const answer = await fetch(`${stage.server}/api/workspaces/${team.id}/${path}`, {
    method,
    headers: { authorization: `Bearer ${agent.session}` },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** The rows of the live chat's log that a call has, once everything acknowledged is applied. */
export const log = (call) => ask({ do: 'log', call });

/** Waits until the log has exactly one row of the call, with these fields. */
export function logged(call, expected) {
  const fits = ([row, ...more]) =>
    row &&
    !more.length &&
    Object.entries(expected).every(([name, want]) =>
      want instanceof RegExp ? want.test(row[name]) : row[name] === want,
    ) &&
    row;
  const wanted = Object.entries(expected).map(([name, want]) => `${name} ${want}`).join(', ');
  return until(`one log row of ${call}: ${wanted}`, () => log(call), fits);
}

/** The call as `GET /calls/{sid}` has it, once the condition holds. */
export const call = (sid, what, holds) =>
  until(`${sid}: ${what}`, () => api(agent(1), `calls/${sid}`).catch(String), holds);

/** Stops the server and its database. */
export const stopServer = () => ask({ do: 'stop the server' });

/** Starts the server again, at the same address and with the same data. */
export const startServer = () => ask({ do: 'start the server' });

/** Sends one request to the program that runs the tests, and returns its answer. */
async function ask(question) {
  const socket = createConnection(stage.control, '127.0.0.1');
  try {
    socket.write(`${JSON.stringify(question)}\n`);
    const [line] = await once(createInterface(socket), 'line');
    const { ok, error } = JSON.parse(line);
    if (error) throw new Error(`${question.do}: ${error}`);
    return ok;
  } finally {
    socket.destroy();
  }
}
