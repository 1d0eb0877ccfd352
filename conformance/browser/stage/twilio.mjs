// The emulator's control API: callers, phones, devices and faults.

import { stage } from './stage.mjs';
import { until } from './until.mjs';

/** Final statuses of a call. */
const FINAL = ['completed', 'busy', 'failed', 'no-answer', 'canceled'];

/** Places a call to the workspace, or to another number; returns its Sid. */
export async function call(from, { to = stage.acme.number, ...more } = {}) {
  const placed = await ask('POST', 'calls', { from, to, ...more });
  return placed.call_sid;
}

export const fetchCall = (sid) => ask('GET', `calls/${sid}`);

/** Every call. */
export const calls = async () => list(await ask('GET', 'calls'), 'calls');

/** The Sid of the one active call. */
export const running = async () => (await calls()).find(({ status }) => status === 'in-progress').call_sid;

export const hangUp = (sid) => ask('POST', `calls/${sid}/hangup`, {});

/** Waits until a call is over at Twilio. */
export const ended = (sid) =>
  until(`${sid} is over`, () => fetchCall(sid), (call) => FINAL.includes(call.status) && call);

/** Sets what a phone does when its number is dialled, and the tone that it plays. */
export const phone = (number, settings) => ask('PUT', `phones/${encodeURIComponent(number)}`, settings);

export const fetchPhone = (number) => ask('GET', `phones/${encodeURIComponent(number)}`);

/** Waits until a phone hears this tone and no other. */
export const phoneHears = (number, hz) =>
  until(`${number} hears ${hz} Hz`, () => fetchPhone(number), ({ heard }) =>
    Math.abs((heard?.tone_hz ?? 0) - hz) < TOLERANCE);

/** The browsers at the gateway. */
export const devices = async () => list(await ask('GET', 'devices'), 'devices');

/** Cuts the sockets of an identity, like a network failure. */
export async function drop(identity) {
  const pages = (await devices()).filter((device) => device.is_page && device.identity === identity);
  if (!pages.length) throw new Error(`no page of ${identity} is connected`);
  for (const { id } of pages) await ask('POST', `devices/${id}/drop`, {});
}

/** The current end of the timeline. */
export const now = async () => (await ask('GET', 'timeline')).next;

/** Waits until a frame of this kind has come from a page of this identity, after a moment. */
export const frame = (identity, kind, after) =>
  until(`${identity} sends ${kind}`, () => ask('GET', `timeline?after=${after}`), ({ entries }) =>
    entries.some(({ type, text }) => type === 'signal' && text === `client:${identity} > ${kind}`));

/** Ends every call and every fault that a test left behind. */
export async function quiet() {
  await ask('DELETE', 'faults');
  for (const call of await calls()) {
    if (!FINAL.includes(call.status)) await hangUp(call.call_sid).catch(() => {});
  }
  const over = (calls) => calls.every((call) => FINAL.includes(call.status));
  await until('every call is over', calls, over);
}

/** Tones within so many Hertz count as equal. */
export const TOLERANCE = 15;

/** A list, as it is or under its name. */
const list = (answer, name) => (Array.isArray(answer) ? answer : answer[name]);

async function ask(method, path, body) {
  const answer = await fetch(`${stage.emulator}/emulator/${path}`, {
    method,
    headers: body && { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} /emulator/${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}
