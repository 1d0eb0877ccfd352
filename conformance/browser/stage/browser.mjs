// One Chromium for all tests, one context for each agent.

import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { agent, api, stage } from './stage.mjs';
import { Console } from '../pages/console.mjs';
import { Host } from '../pages/host.mjs';
import { ears } from '../pages/ears.mjs';
import { Softphone } from '../pages/softphone.mjs';
import { Tab } from './tab.mjs';
import * as twilio from './twilio.mjs';

const packages = process.env.SWITCHROOM_TEST_PACKAGES;
const pictures = process.env.SWITCHROOM_TEST_PICTURES;
const { chromium } = createRequire(join(packages, 'node_modules', '_'))('playwright-core');

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  // Fake microphones and loudspeakers, because the machine has none.
  '--use-fake-device-for-media-stream',
  // Media stays on this machine, even if it has no other interface.
  '--allow-loopback-in-peer-connection',
  // Accept the emulator's certificate, and no other unknown one.
  `--ignore-certificate-errors-spki-list=${stage.spki}`,
];
// Tones play without a click, and microphones open without a prompt.
const LAX = ['--autoplay-policy=no-user-gesture-required', '--use-fake-ui-for-media-stream'];

const launch = (...more) => chromium.launch({ executablePath: '/usr/bin/chromium', args: [...ARGS, ...more] });

let browser;

before(async () => {
  browser = await launch(...LAX);
});

after(() => browser?.close());

/** One test. Everything that it opens is closed after it, and recorded if it fails. */
export function scenario(name, play, { within = 180_000 } = {}) {
  test(name, async () => {
    const scene = new Scene(name);
    try {
      await Promise.race([play(scene), late(within)]);
      await scene.close();
    } catch (error) {
      await scene.picture();
      await scene.close().catch(() => {});
      throw error;
    }
  });
}

/** Fails after this time. The runner's own limit would leave no time to record and to close. */
async function late(within) {
  await sleep(within, undefined, { ref: false });
  throw new Error(`not over within ${within / 1000} s`);
}

/** Everything that is open in a test. */
class Scene {
  #name;
  #browsers = [];
  #contexts = [];
  #pages = [];
  #tabs = [];

  constructor(name) {
    this.#name = name;
  }

  /** The pages of an agent with the bare Voice SDK, one tone each, registered. */
  softphones(tones) {
    return Promise.all(Object.entries(tones).map(([number, hz]) => this.softphone(Number(number), hz)));
  }

  /** The page of an agent with the bare Voice SDK, registered. */
  async softphone(number, hz, options = {}) {
    const who = agent(number);
    await api(who, 'agents/me/status', { method: 'PUT', body: { status: 'available' } });
    const page = await this.page(options.context ?? (await this.context()));
    // The SDK reports errors as events too, and tests check those.
    page.excused = /TwilioVoice|WebSocket/;
    const softphone = new Softphone(page, who, hz);
    this.#pages.push({ name: `agent-${number}`, page, tell: () => softphone.told() });
    await softphone.open(options);
    return softphone;
  }

  /** The console of an agent, signed in by its link and registered. */
  async console(number, { team = stage.acme, context, hz, registered = true, before, excused } = {}) {
    const page = await this.page(context ?? (await this.context()));
    page.excused = excused;
    await before?.(page);
    const console = new Console(page, team.agents[number - 1], team);
    this.#pages.push({ name: `console-${number}`, page, tell: () => console.told() });
    await console.open(hz);
    if (registered) await console.registered();
    return console;
  }

  /** The console of an agent in a tab that can be hidden and frozen. */
  async tab(number) {
    const console = new Console(null, agent(number));
    const tab = await Tab.open(console.link, `(${ears})(620)`, [...ARGS, ...LAX]);
    this.#tabs.push(tab);
    return tab;
  }

  /** A page of the team's own, on another origin, with this script; `before` runs in it first. */
  async host(script, before = () => {}, given = undefined) {
    const page = await this.page(await this.context());
    await page.addInitScript(before, given);
    const host = new Host(page);
    this.#pages.push({ name: 'host', page, tell: () => host.told() });
    await host.open(script);
    return host;
  }

  /** A browser profile of its own. */
  async context(options, where = browser) {
    // A page served by a test has no address, and needs a permission to reach this machine.
    const permissions = ['microphone', 'local-network-access'];
    const context = await where.newContext({ permissions, ...options });
    this.#contexts.push(context);
    return context;
  }

  /** A profile that asks before a page may use the microphone, and allows sound only after a click. */
  async strictContext(options) {
    const strict = await launch();
    this.#browsers.push(strict);
    return this.context(options, strict);
  }

  /** A page whose errors fail the test. */
  async page(context) {
    const page = await context.newPage();
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(`uncaught: ${error.stack ?? error}`));
    page.on('console', (said) => {
      if (said.type() === 'error' && !page.excused?.test(said.text())) page.faults.push(said.text());
    });
    return page;
  }

  /** Freezes every page, like a machine that sleeps, while something else happens. */
  async asleep(meanwhile) {
    const system = await browser.newBrowserCDPSession();
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    await system.detach();
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    for (const { id } of pages) process.kill(id, 'SIGSTOP');
    try {
      await meanwhile();
    } finally {
      for (const { id } of pages) process.kill(id, 'SIGCONT');
    }
  }

  /** Closes everything. An error in a page fails the test. */
  async close() {
    const faults = this.#pages.flatMap(({ name, page }) => page.faults.map((it) => `${name}: ${it}`));
    await Promise.all(this.#contexts.map((context) => context.close()));
    await Promise.all([...this.#browsers, ...this.#tabs].map((browser) => browser.close()));
    await twilio.quiet();
    if (faults.length) throw new Error(faults.join('\n'));
  }

  /** Saves a screenshot. */
  async show(console, name) {
    const folder = join(pictures, 'console');
    await mkdir(folder, { recursive: true });
    await console.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }

  /** Saves a screenshot and the state of every open page. */
  async picture() {
    const slug = this.#name.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 60);
    const folder = join(pictures, slug);
    await mkdir(folder, { recursive: true });
    const kept = this.#pages.map(async ({ name, page, tell }, index) => {
      const file = join(folder, `${index + 1}-${name}`);
      await page.screenshot({ path: `${file}.png`, timeout: 5_000 });
      await writeFile(`${file}.json`, JSON.stringify(await tell(), null, 2));
    });
    // A closed or hanging page has nothing to show.
    await Promise.allSettled(kept);
  }
}
