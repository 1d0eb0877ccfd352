// A voice backend tuned by hand: fastify, one prepared lookup, signatures, tokens and XML without a library.
//
// The first argument is the folder whose node_modules holds the packages. It writes no log.
'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const querystring = require('node:querystring');

const installed = createRequire(path.join(process.argv[2], 'package.json'));
const fastify = installed('fastify');
const { Pool } = installed('pg');

const { env } = process;
const pool = new Pool();
const app = fastify({ logger: false });
const LOOKUP = readFileSync(path.join(__dirname, 'lookup.sql'), 'utf8');

const identity = (user) => `agent_${user.replaceAll('-', '')}`;
const base64 = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');

function isEqual(given, expected) {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function isSigned(request) {
  const params = request.body;
  let signed = env.PUBLIC_URL + request.url;
  for (const name of Object.keys(params).sort()) signed += name + params[name];
  const expected = createHmac('sha1', env.AUTH_TOKEN).update(signed).digest('base64');
  return isEqual(request.headers['x-twilio-signature'] ?? '', expected);
}

app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
  done(null, querystring.parse(body));
});

app.post('/api/workspaces/:workspace/voice', async (request, reply) => {
  if (!isSigned(request)) return reply.code(403).send();
  const { workspace } = request.params;
  const { From: from, CallSid: call } = request.body;
  const { rows } = await pool.query({ name: 'lookup', text: LOOKUP, values: [workspace, from], rowMode: 'array' });
  // A Sid is letters and digits; the signature says that it is Twilio's.
  const url = `${env.PUBLIC_URL}/api/workspaces/${workspace}/voice`;
  let xml = `<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="${url}/dial" timeout="20" answerOnBridge="true">`;
  for (const [user] of rows) {
    xml += `<Client statusCallback="${url}/status" statusCallbackEvent="initiated ringing answered completed">`
      + `<Identity>${identity(user)}</Identity><Parameter name="call_sid" value="${call}"/></Client>`;
  }
  return reply.type('text/xml').send(`${xml}</Dial></Response>`);
});

const SESSION_HEADER = base64({ alg: 'HS256', typ: 'JWT' });
const TOKEN_HEADER = base64({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' });
const hs256 = (secret, text) => createHmac('sha256', secret).update(text).digest('base64url');

function session(request, now) {
  const [header, payload, signature] = (request.headers.authorization ?? '').slice('Bearer '.length).split('.');
  // One header in one spelling is all that the sign-in writes.
  if (header !== SESSION_HEADER || !isEqual(signature ?? '', hs256(env.SESSION_SECRET, `${header}.${payload}`))) {
    return null;
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return claims.aud === 'authenticated' && claims.exp > now ? claims : null;
}

app.get('/api/workspaces/:workspace/token', async (request, reply) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = session(request, now);
  if (claims === null) return reply.code(401).send({ error: 'The session is not valid.' });
  const asked = request.query.identity;
  if (asked !== identity(claims.sub)) return reply.code(403).send({ error: 'The identity is not yours.' });
  const payload = base64({
    jti: `${env.API_KEY_SID}-${now}`,
    iss: env.API_KEY_SID,
    sub: env.ACCOUNT_SID,
    iat: now,
    exp: now + 3600,
    grants: {
      identity: asked,
      voice: { incoming: { allow: true }, outgoing: { application_sid: env.APP_SID } },
    },
  });
  const signed = `${TOKEN_HEADER}.${payload}`;
  return { token: `${signed}.${hs256(env.API_KEY_SECRET, signed)}`, identity: asked, ttl: 3600 };
});

app.listen({ port: Number(env.PORT), host: '127.0.0.1' });
