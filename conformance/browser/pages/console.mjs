// The tests' view of the agent console. Parts of the page are found by their `data-test` attributes.

import { stage } from '../stage/stage.mjs';
import { TOLERANCE } from '../stage/twilio.mjs';
import { PATIENCE, until } from '../stage/until.mjs';
import { ears } from './ears.mjs';

export class Console {
  constructor(page, agent, team = stage.acme) {
    this.page = page;
    this.agent = agent;
    this.team = team;
    page?.setDefaultTimeout(PATIENCE);
  }

  /** The link of an agent, as the demo prints it. */
  get link() {
    return `${stage.server}/#workspace=${this.team.id}&session=${this.agent.session}`;
  }

  async open(hz = 620) {
    await this.page.addInitScript(ears, hz);
    await this.page.goto(this.link);
  }

  /** The part of the page with this attribute. */
  part(mark) {
    return this.page.locator(`[data-test="${mark}"]`);
  }

  click(mark) {
    return this.part(mark).click();
  }

  /** The text of a part, or null while it is hidden. */
  async says(mark) {
    const part = this.part(mark).first();
    if (!(await part.isVisible())) return null;
    return (await part.innerText()).trim();
  }

  /** Waits until a part has this text. */
  shows(mark, wanted) {
    const fits = (text) => text !== null && (wanted instanceof RegExp ? wanted.test(text) : text === wanted);
    return until(`agent ${this.agent.number}'s ${mark} says ${wanted}`, () => this.says(mark), (text) => fits(text) && { text });
  }

  /** Waits until a part is hidden. */
  hides(mark) {
    return this.part(mark).first().waitFor({ state: 'hidden' });
  }

  registered() {
    return this.shows('registration', 'Ready');
  }

  rings() {
    return this.part('incoming-card').waitFor();
  }

  async answer() {
    await this.rings();
    await this.click('answer');
    return this.talks();
  }

  talks() {
    return this.shows('call-timer', /^\d+:\d\d$/);
  }

  /** Waits until the page receives this tone. */
  hears(hz) {
    const near = (heard) => heard && Math.abs(heard.hz - hz) < TOLERANCE && heard.level > -70;
    return until(`agent ${this.agent.number} hears ${hz} Hz`, () => this.page.evaluate(() => ears()), near);
  }

  /** The whole state of the page, to find the cause of a failure. */
  async told() {
    return { url: this.page.url(), text: await this.page.locator('body').innerText(), faults: this.page.faults };
  }
}
