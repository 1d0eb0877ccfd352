// Twilio's Node library as a judge: one JSON request a line, one JSON answer a line.
//
// The first argument is the folder whose node_modules holds `twilio`.
'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');
const querystring = require('node:querystring');

const installed = createRequire(path.join(process.argv[2], 'package.json'));
const twilio = installed('twilio');
// Some versions do not export their package.json.
const folder = path.join(process.argv[2], 'node_modules', 'twilio');
const ofTwilio = createRequire(path.join(folder, 'package.json'));
const jsonwebtoken = ofTwilio('jsonwebtoken');
const xmlbuilder = ofTwilio('xmlbuilder');
const { getExpectedTwilioSignature } = ofTwilio('./lib/webhooks/webhooks');

/** A decoded form as Express passes it: a repeated name has a list. */
function params(body) {
  const found = Object.create(null);
  for (const [name, value] of new URLSearchParams(body ?? '')) {
    found[name] = name in found ? [].concat(found[name], value) : value;
  }
  return found;
}

function sign({ url, body, token }) {
  return getExpectedTwilioSignature(token, url, params(body));
}

function verify({ url, kind, body, token, signature }) {
  try {
    const valid = kind === 'json'
      ? twilio.validateRequestWithBody(token, signature, url, body)
      : twilio.validateRequest(token, signature, url, params(kind === 'form' ? body : ''));
    return valid ? 'yes' : 'no';
  } catch (error) {
    return `raised ${error.name}`;
  }
}

/** The spellings of a URL that the library falls back to, as Node writes them. */
function spell(url) {
  const browser = new URL(url).toString();
  const [base, query] = [browser.split('?')[0], browser.split('?').slice(1).join('?')];
  const form = query ? `${base}?${querystring.stringify(querystring.parse(query))}` : browser;
  return [browser, form];
}

const GRANTS = {
  voice: (it) => new twilio.jwt.AccessToken.VoiceGrant({
    incomingAllow: it.incoming,
    outgoingApplicationSid: it.application,
    outgoingApplicationParams: it.params,
    pushCredentialSid: it.push_credential,
    endpointId: it.endpoint,
  }),
  video: (it) => new twilio.jwt.AccessToken.VideoGrant({ room: it.room }),
  chat: (it) => new twilio.jwt.AccessToken.ChatGrant({
    serviceSid: it.service,
    endpointId: it.endpoint,
    deploymentRoleSid: it.deployment_role,
    pushCredentialSid: it.push_credential,
  }),
  sync: (it) => new twilio.jwt.AccessToken.SyncGrant({
    serviceSid: it.service,
    endpointId: it.endpoint,
  }),
  task_router: (it) => new twilio.jwt.AccessToken.TaskRouterGrant({
    workspaceSid: it.workspace,
    workerSid: it.worker,
    role: it.role,
  }),
  playback: (it) => new twilio.jwt.AccessToken.PlaybackGrant({ grant: it.grant }),
};

function issue({ account, key, secret, identity, ttl, nbf, region, grants, now }) {
  const clock = Date.now;
  Date.now = () => now * 1000;
  try {
    const options = { identity, ttl, nbf: nbf ?? undefined, region: region ?? undefined };
    const token = new twilio.jwt.AccessToken(account, key, secret, options);
    for (const [name, fields] of Object.entries(grants)) token.addGrant(GRANTS[name](fields));
    return token.toJwt();
  } finally {
    Date.now = clock;
  }
}

function accept({ jwt, secret, now }) {
  try {
    jsonwebtoken.verify(jwt, secret, { algorithms: ['HS256'], clockTimestamp: now });
    return 'yes';
  } catch (error) {
    // A message may quote half a character.
    return `no: ${error.message.replace(/[^ -~]/g, '?')}`;
  }
}

/** Finds by trial which builder method makes which element. */
const makers = new Map();
function makersOf(builder) {
  const type = builder.constructor;
  if (!makers.has(type)) {
    const found = {};
    for (const name of Object.getOwnPropertyNames(type.prototype)) {
      if (name === 'constructor' || name.startsWith('comment')) continue;
      const child = new type(xmlbuilder.create('Probe'))[name]({}, 'text');
      found[child._getXml().name] ??= name;
    }
    makers.set(type, found);
  }
  return makers.get(type);
}

function fill(builder, children, first) {
  for (const child of children.slice(first)) {
    if (typeof child === 'string') {
      builder.addText(child);
    } else if (child.comment !== undefined) {
      builder.comment(child.comment);
    } else {
      const text = typeof child.children[0] === 'string' ? child.children[0] : undefined;
      const maker = makersOf(builder)[child.name];
      const made = maker ? builder[maker](child.attributes, text)
        : builder.addChild(child.name, child.attributes);
      if (!maker && text !== undefined) made.addText(text);
      fill(made, child.children, text === undefined ? 0 : 1);
    }
  }
}

function build({ language, children }) {
  const response = language === 'voice'
    ? new twilio.twiml.VoiceResponse() : new twilio.twiml.MessagingResponse();
  fill(response, children, 0);
  return response.toString();
}

/** Sends requests for Twilio's host to an emulator. */
const RequestClient = twilio.RequestClient ?? ofTwilio('./lib/base/RequestClient');
class Redirected extends RequestClient {
  constructor(base) {
    super();
    this.base = base;
  }

  request(options) {
    return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', this.base) });
  }
}

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Arguments as this library names them. */
function named(given) {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));
}

/** A resource under the API's own names, with times in seconds. */
function plain(resource) {
  // Older versions have no toJSON.
  const all = resource.toJSON?.() ?? Object.fromEntries(
    Object.entries(resource).filter(([name]) => !name.startsWith('_')));
  const fields = Object.entries(all).map(([name, value]) => [
    snake(name), value instanceof Date ? value.getTime() / 1000 : value,
  ]);
  return Object.fromEntries(fields);
}

/** Walks a path such as ["conferences", ["CF…"], "participants"] and does something at its end. */
async function rest({ base, user, secret, account, path, act, args }) {
  const client = twilio(user, secret, { accountSid: account, httpClient: new Redirected(base) });
  const place = path.reduce((at, step) => (Array.isArray(step) ? at(...step) : at[camel(step)]), client);
  try {
    const told = await place[act](...(args === null ? [] : [named(args)]));
    if (Array.isArray(told)) return told.map(plain);
    return typeof told === 'object' ? plain(told) : told;
  } catch (error) {
    if (error.code === undefined) throw error;
    return { code: error.code, status: error.status, more_info: error.moreInfo };
  }
}

const version = () => `twilio ${ofTwilio('./package.json').version} on Node ${process.version}`;
const JUDGED = { version, sign, verify, spell, issue, accept, build, rest };

// Not `readline`: it also ends lines at U+2028, which JSON does not escape.
let pending = '';
let work = Promise.resolve();
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (pending + text).split('\n');
  pending = lines.pop();
  for (const line of lines) {
    const { judge, cases } = JSON.parse(line);
    // One after the other: the cases of the REST API build on each other.
    work = work.then(async () => {
      const answers = [];
      for (const each of cases) answers.push(await JUDGED[judge](each));
      process.stdout.write(`${JSON.stringify(answers)}\n`);
    });
  }
});
