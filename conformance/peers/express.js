// A voice backend as most are written: express, Twilio's own library, and two lookups with pg.
//
// The first argument is the folder whose node_modules holds the packages. It writes no log.
'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');

const installed = createRequire(path.join(process.argv[2], 'package.json'));
const express = installed('express');
const jsonwebtoken = installed('jsonwebtoken');
const { Pool } = installed('pg');
const twilio = installed('twilio');

const { env } = process;
const base = new URL(env.PUBLIC_URL);
const pool = new Pool();
const app = express();
const checked = twilio.webhook(env.AUTH_TOKEN, { protocol: base.protocol.slice(0, -1), host: base.host });

const CONTACT = `select c.id, a.user_id from livechat_contacts c
  left join livechat_contact_assignments a
    on a.workspace_id = c.workspace_id and a.contact_id = c.id and a.status = 'active'
  where c.workspace_id = $1 and c.phone_number = $2`;
const MEMBERS = `select id, full_name from user_profiles
  where workspace_id = $1 and workspace_role in ('agent', 'admin') order by id`;

const identity = (user) => `agent_${user.replaceAll('-', '')}`;

app.post('/api/workspaces/:workspace/voice', express.urlencoded({ extended: false }), checked, async (request, reply) => {
  const { workspace } = request.params;
  const [contact, members] = await Promise.all([
    pool.query(CONTACT, [workspace, request.body.From]),
    pool.query(MEMBERS, [workspace]),
  ]);
  const assigned = new Set(contact.rows.map((row) => row.user_id));
  const mine = members.rows.filter((member) => assigned.has(member.id));
  const ringing = mine.length > 0 ? mine : members.rows.slice(0, 10);

  const response = new twilio.twiml.VoiceResponse();
  const url = `${base.origin}/api/workspaces/${workspace}/voice`;
  const dial = response.dial({ action: `${url}/dial`, timeout: 20, answerOnBridge: true });
  for (const member of ringing) {
    const client = dial.client({
      statusCallback: `${url}/status`,
      statusCallbackEvent: 'initiated ringing answered completed',
    });
    client.identity(identity(member.id));
    client.parameter({ name: 'call_sid', value: request.body.CallSid });
  }
  reply.type('text/xml').send(response.toString());
});

app.get('/api/workspaces/:workspace/token', (request, reply) => {
  let session;
  try {
    const bearer = (request.get('Authorization') ?? '').replace(/^Bearer /, '');
    session = jsonwebtoken.verify(bearer, env.SESSION_SECRET, { algorithms: ['HS256'], audience: 'authenticated' });
  } catch {
    return reply.status(401).json({ error: 'The session is not valid.' });
  }
  if (request.query.identity !== identity(session.sub)) {
    return reply.status(403).json({ error: 'The identity is not yours.' });
  }
  const token = new twilio.jwt.AccessToken(env.ACCOUNT_SID, env.API_KEY_SID, env.API_KEY_SECRET, {
    identity: request.query.identity,
    ttl: 3600,
  });
  token.addGrant(new twilio.jwt.AccessToken.VoiceGrant({
    incomingAllow: true,
    outgoingApplicationSid: env.APP_SID,
  }));
  return reply.json({ token: token.toJwt(), identity: request.query.identity, ttl: 3600 });
});

app.listen(Number(env.PORT), '127.0.0.1');
