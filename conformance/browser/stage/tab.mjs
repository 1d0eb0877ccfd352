// A tab of a browser without the driver. The driver keeps its pages visible and awake, and these can be hidden
// and frozen.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Tab {
  #browser;
  #profile;
  #session;
  #rest = '';
  #sent = 0;
  #waiting = new Map();

  /** Opens a page in a browser of its own; `script` runs in it first. */
  static async open(url, script, args) {
    const tab = new Tab();
    await tab.#start(args);
    const { targetId } = await tab.#send('Target.createTarget', { url: 'about:blank' });
    tab.#session = (await tab.#send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    await tab.#send('Page.enable');
    await tab.#send('Page.addScriptToEvaluateOnNewDocument', { source: script });
    await tab.#send('Page.navigate', { url });
    return tab;
  }

  /** The text of the part of the page with this mark. */
  async says(mark) {
    const expression = `document.querySelector('[data-test="${mark}"]')?.innerText ?? null`;
    const { result } = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    return result.value;
  }

  /** Presses the part of the page with this mark. */
  click(mark) {
    return this.#send('Runtime.evaluate', { expression: `document.querySelector('[data-test="${mark}"]').click()` });
  }

  /** Hides the page behind another one, and freezes it as the browser does after minutes. */
  async freeze() {
    await this.#send('Target.createTarget', { url: 'about:blank' }, null);
    await this.#send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  /** Lets the page go on. */
  wake() {
    return this.#send('Page.setWebLifecycleState', { state: 'active' });
  }

  async close() {
    const gone = new Promise((done) => this.#browser.once('exit', done));
    this.#browser.kill('SIGKILL');
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #start(args) {
    this.#profile = await mkdtemp(join(tmpdir(), 'switchroom-tab-'));
    const all = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${this.#profile}`, '--no-first-run', ...args];
    this.#browser = spawn('/usr/bin/chromium', all, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.#browser.stdio[4].on('data', (bytes) => {
      const messages = (this.#rest + bytes).split('\0');
      this.#rest = messages.pop();
      for (const message of messages) this.#receive(JSON.parse(message));
    });
  }

  #receive({ id, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.failed(new Error(error.message));
    else waiting?.done(result);
  }

  #send(method, params = {}, sessionId = this.#session) {
    this.#sent += 1;
    const id = this.#sent;
    this.#browser.stdio[3].write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    return new Promise((done, failed) => this.#waiting.set(id, { done, failed }));
  }
}
