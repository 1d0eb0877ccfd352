/**
 * A message from one tab to the others of the same agent.
 *
 * @typedef {{ from: string, to?: string, type: string, [key: string]: any }} Message
 */

/**
 * Decides which of an agent's tabs has the phone: the one that has the lock. When that tab closes, for
 * whatever reason, the browser gives the lock to the next one.
 */
export class Tabs {
  /** The id of this page. */
  id = crypto.randomUUID();
  isLeading = false;
  /** Called when this tab begins to lead. */
  onLead = () => {};
  /** Called when another tab leads. */
  onFollow = () => {};
  /** Whether another tab may lead, if it asks. */
  mayLeave = () => true;
  /** @param {Message} _message */
  onMessage = (_message) => {};

  /** @type {string} */
  #name;
  /** @type {BroadcastChannel} */
  #channel;
  /** @type {() => void} */
  #release = () => {};
  #stop = new AbortController();
  /** Whether this tab waits for its turn. */
  #isQueued = false;
  /** @type {Map<string, (may: boolean) => void>} */
  #asked = new Map();

  /** @param {string} name of the workspace and the agent */
  constructor(name) {
    this.#name = `switchroom:phone:${name}`;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
  }

  /** Leads if no tab does; otherwise follows until the lock is free. */
  async start() {
    if (!navigator.locks) return this.#lead();
    /** @type {Promise<void>} */
    const decided = new Promise((done) => {
      void this.#hold({ ifAvailable: true }, done, () => {
        this.#follow();
        done();
      });
    });
    await decided;
  }

  /**
   * Asks the leading tab for the phone, and takes it if that tab does not answer.
   *
   * @returns {Promise<boolean>} whether this tab leads now
   */
  async takeOver() {
    if (this.isLeading || !navigator.locks) return this.isLeading;
    const id = crypto.randomUUID();
    /** @type {Promise<boolean>} */
    const answer = new Promise((done) => {
      this.#asked.set(id, done);
      setTimeout(() => done(true), 1500);
    });
    this.send({ type: "may-i-lead", id });
    const may = await answer;
    this.#asked.delete(id);
    if (!may) return false;
    /** @type {Promise<void>} */
    const led = new Promise((done) => void this.#hold({ steal: true }, done, done));
    await led;
    return this.isLeading;
  }

  /** @param {{ type: string, to?: string, [key: string]: any }} message */
  send(message) {
    // Something may finish after the page was closed, such as the search for a reason.
    if (this.#stop.signal.aborted) return;
    this.#channel.postMessage({ ...message, from: this.id });
  }

  /** Gives up the phone, and receives no more messages. */
  close() {
    this.#stop.abort();
    this.isLeading = false;
    this.#release();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  /**
   * @param {LockOptions} options
   * @param {() => void} taken
   * @param {() => void} missed
   */
  async #hold(options, taken, missed) {
    try {
      await navigator.locks.request(this.#name, options, (lock) => {
        if (!lock) return missed();
        if (this.#stop.signal.aborted) return undefined;
        /** @type {Promise<void>} */
        const held = new Promise((release) => (this.#release = release));
        this.#lead();
        taken();
        return held;
      });
    } catch {
      // Another tab took it, or this one is about to go.
      if (!this.#stop.signal.aborted) this.#follow();
    }
  }

  #lead() {
    this.isLeading = true;
    this.onLead();
  }

  #follow() {
    this.isLeading = false;
    this.onFollow();
    if (this.#isQueued) return;
    this.#isQueued = true;
    const taken = () => (this.#isQueued = false);
    void this.#hold({ signal: this.#stop.signal }, taken, () => {});
  }

  /** @param {Message} message */
  #receive(message) {
    if (message.to !== undefined && message.to !== this.id) return;
    if (message.type === "may-i-lead") {
      if (!this.isLeading) return;
      this.send({ type: "you-may", to: message.from, id: message.id, may: this.mayLeave() });
    } else if (message.type === "you-may") {
      this.#asked.get(message.id)?.(message.may);
    } else {
      this.onMessage(message);
    }
  }
}
