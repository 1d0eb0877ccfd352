// A test's view of an agent's page with the bare Voice SDK.

import { join } from 'node:path';

import { stage } from '../stage/stage.mjs';
import { TOLERANCE } from '../stage/twilio.mjs';
import { until } from '../stage/until.mjs';

const packages = process.env.SWITCHROOM_TEST_PACKAGES;

/** The page's files; it has the server's own origin, so that nothing is asked across origins. */
const FILES = {
  'index.html': new URL('softphone.html', import.meta.url).pathname,
  'softphone.js': new URL('softphone.js', import.meta.url).pathname,
  'twilio.min.js': join(packages, 'node_modules/@twilio/voice-sdk/dist/twilio.min.js'),
};

export class Softphone {
  constructor(page, agent, hz) {
    this.page = page;
    this.agent = agent;
    this.hz = hz;
  }

  /** Opens the page and registers, unless the device is expected to be refused. */
  async open({ token, options, refused = false } = {}) {
    for (const [name, path] of Object.entries(FILES)) {
      await this.page.route(`${stage.server}/softphone/${name}`, (route) => route.fulfill({ path }));
    }
    await this.page.goto(`${stage.server}/softphone/index.html`);
    const { session, identity } = this.agent;
    const given = { workspace: stage.acme.id, session, identity, signalling: stage.signalling, hz: this.hz, token, options };
    await this.page.evaluate((given) => softphone.start(given), given);
    if (!refused) await this.until('is registered', ({ device }) => device === 'registered');
  }

  state() {
    return this.page.evaluate(() => softphone.state());
  }

  events() {
    return this.page.evaluate(() => softphone.events);
  }

  /** The whole state of the page, to find the cause of a failure. */
  async told() {
    return { state: await this.state(), events: await this.events(), faults: this.page.faults };
  }

  /** Waits until the page's state meets a condition. */
  until(what, holds) {
    return until(`agent ${this.agent.number} ${what}`, () => this.state(), holds);
  }

  /** Waits until the SDK has sent an event so many times. */
  async tells(what, fits = () => true, times = 1) {
    const found = (events) => events.filter((event) => event.what === what && fits(event))[times - 1];
    return until(`agent ${this.agent.number} is told ${what}`, () => this.events(), found);
  }

  /** Waits until a call rings, and returns the page's data about it. */
  rings() {
    return this.until('rings', ({ ringing }) => ringing[0]);
  }

  /** Waits until nothing rings. */
  stops() {
    return this.until('stops ringing', ({ ringing }) => !ringing.length);
  }

  /** Answers the ringing call, and waits until it is connected. */
  async answer() {
    await this.rings();
    await this.page.evaluate(() => softphone.answer());
    return this.talks();
  }

  talks() {
    return this.until('talks', ({ call }) => call?.status === 'open' && call);
  }

  async decline() {
    await this.rings();
    await this.page.evaluate(() => softphone.decline());
  }

  connect(to) {
    return this.page.evaluate((To) => softphone.connect({ To }), to);
  }

  hangUp() {
    return this.page.evaluate(() => softphone.hangUp());
  }

  refresh() {
    return this.page.evaluate(() => softphone.refresh());
  }

  /** Waits until the call is over for the page. */
  quiet() {
    return this.until('is off the phone', ({ call }) => !call || call.status === 'closed');
  }

  /** Waits until the page receives this tone, and packets arrive. */
  hears(hz) {
    const near = ({ heard }) =>
      heard && Math.abs(heard.hz - hz) < TOLERANCE && heard.level > QUIET && heard.packets > 0;
    return this.until(`hears ${hz} Hz`, near);
  }
}

/** Decibels below which a sound counts as silence. */
const QUIET = -70;
