// Twilio's Node library, measured: one command a line, one JSON answer a line.
//
// `show CASE` returns the output, `measure CASE MILLISECONDS` the time of one run in nanoseconds.
// The first argument is the file of inputs, the second the folder whose node_modules holds `twilio`.
'use strict';

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const querystring = require('node:querystring');
const readline = require('node:readline');

const installed = createRequire(path.join(process.argv[3], 'package.json'));
const twilio = installed('twilio');
const { AccessToken } = twilio.jwt;

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const agents = Array.from({ length: 50 }, (_, number) => (
  `agent_${number.toString(16).padStart(32, '0')}`));

function plain(wave) {
  const response = new twilio.twiml.VoiceResponse();
  const dial = response.dial({ action: given.action, timeout: 20 });
  for (const agent of wave) dial.client(agent);
  return response.toString();
}

function full(wave) {
  const response = new twilio.twiml.VoiceResponse();
  const dial = response.dial({
    action: given.action, answerOnBridge: true, callerId: given.caller_id, timeout: 20,
  });
  for (const agent of wave) {
    const client = dial.client({
      statusCallback: given.status, statusCallbackEvent: given.events.join(' '),
    });
    client.identity(agent);
    for (const [name, value] of Object.entries(given.parameters)) {
      client.parameter({ name, value });
    }
  }
  return response.toString();
}

const waves = (make, count) => () => {
  const made = [];
  for (let first = 0; first < count; first += 10) {
    made.push(make(agents.slice(first, Math.min(first + 10, count))));
  }
  return made;
};

function token() {
  const { account, key, secret, identity, application } = given;
  const issued = new AccessToken(account, key, secret, { identity, ttl: 3600 });
  issued.addGrant(new AccessToken.VoiceGrant({
    incomingAllow: true, outgoingApplicationSid: application,
  }));
  return issued.toJwt();
}

// The parser of Express for forms without nested objects.
const parse = () => querystring.parse(given.body);
const check = (params) => (
  twilio.validateRequest(given.auth_token, given.signature, given.url, params));

const params = parse();
const CASES = {
  'dial-2': waves(plain, 2),
  'dial-10': waves(plain, 10),
  'dial-50': waves(plain, 50),
  'dial-10-full': waves(full, 10),
  token,
  request: () => check(parse()),
  check: () => check(params),
};

// Stored outside, so that the optimiser does not remove the work.
let kept;
function batch(once, count) {
  const started = process.hrtime.bigint();
  for (let number = 0; number < count; number += 1) kept = once();
  return Number(process.hrtime.bigint() - started);
}

/** The median of batches of about a millisecond, in nanoseconds for one. */
function measure(once, milliseconds) {
  let count = 1;
  while (batch(once, count) < 1e6) count *= 2;
  const times = [];
  const ends = Date.now() + milliseconds;
  while (times.length === 0 || Date.now() < ends) times.push(batch(once, count) / count);
  times.sort((a, b) => a - b);
  const middle = times.length >> 1;
  return times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say(`twilio ${installed('twilio/package.json').version} on Node ${process.version}`);
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, name, milliseconds] = line.split(' ');
  say(command === 'show' ? CASES[name]() : measure(CASES[name], Number(milliseconds)));
});
