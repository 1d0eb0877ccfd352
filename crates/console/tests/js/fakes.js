// Fakes of the browser and of Twilio's Voice SDK, for tests in Node.js.

import { EventEmitter } from "node:events";

/** The parts of a page that Node.js does not have. */
export function browser() {
  const stored = new Map();
  globalThis.isSecureContext = true;
  globalThis.reportError = (error) => {
    throw error;
  };
  globalThis.window = new EventTarget();
  globalThis.localStorage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  };
  return stored;
}

/** Lets pending promises settle. */
export const turns = async (count = 20) => {
  for (let at = 0; at < count; at += 1) await Promise.resolve();
};

/** A call of the SDK. `done` keeps what was done to it. */
export class FakeCall extends EventEmitter {
  done = [];

  constructor({ parameters = {}, custom = {}, connectToken } = {}) {
    super();
    this.parameters = parameters;
    this.customParameters = new Map(Object.entries(custom));
    this.connectToken = connectToken;
    // Without a listener of its own, an emitter throws what it is given as `error`.
    this.on("error", () => {});
  }

  accept(options) {
    this.done.push(["accept", options]);
  }

  reject() {
    this.done.push(["reject"]);
    this.emit("reject");
  }

  disconnect() {
    this.done.push(["disconnect"]);
    this.emit("disconnect");
  }

  mute(isMuted) {
    this.done.push(["mute", isMuted]);
  }

  sendDigits(digits) {
    this.done.push(["digits", digits]);
  }
}

/** A device of the SDK. */
export class FakeDevice extends EventEmitter {
  state = "unregistered";
  isDestroyed = false;
  tokens = [];
  connected = [];
  _boundOnPageHide = () => this.destroy();

  constructor(token) {
    super();
    this.tokens.push(token);
    window.addEventListener("pagehide", this._boundOnPageHide);
    this.on("error", () => {});
  }

  async register() {
    this.becomes("registering");
  }

  /** The gateway says so. */
  becomes(state) {
    this.state = state;
    this.emit(state);
  }

  /** The gateway refuses something. */
  fails(code) {
    this.emit("error", { code });
  }

  async connect(options) {
    const call = new FakeCall(this.next);
    this.connected.push({ options, call });
    return call;
  }

  updateToken(token) {
    this.tokens.push(token);
  }

  destroy() {
    this.isDestroyed = true;
    // The SDK says so.
    this.becomes("unregistered");
  }
}
