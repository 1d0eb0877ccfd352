import { Emitter } from "./emitter.js";
import { Microphone } from "./microphone.js";
import { Phone } from "./phone.js";
import { problemOf } from "./problem.js";
import { lackOf, readinessOf, STARTING } from "./readiness.js";
import { RingEnds } from "./reasons.js";
import { Reload } from "./reload.js";
import { EventStream } from "./stream.js";
import { TokenKeeper } from "./token.js";
import { Word } from "./word.js";

/**
 * @typedef {import("./phone.js").PhoneEvents & {
 *   event: { name: string, data: any },
 *   stream: import("./stream.js").StreamEvents["state"],
 *   readiness: import("./readiness.js").Readiness,
 * }} LeaderEvents `event`: one of the server's; `stream`: whether they arrive
 */

/**
 * The part that only the leading tab has: the phone itself, and the stream of the server's events. The
 * other tabs get both from it.
 *
 * @extends {Emitter<LeaderEvents>}
 */
export class Leader extends Emitter {
  phone;
  /** @type {import("./readiness.js").Readiness} */
  readiness = STARTING;
  #events;
  #microphone = new Microphone();
  #word;
  /** As it is told: a final problem may be of the stream only. @type {import("./device.js").Registration} */
  #registration;
  /** When something ran here last, in milliseconds. */
  #aliveAt = Date.now();
  #isServerLost = false;
  /** Until the server counts as lost. */
  #grace = 0;

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {string} parts.name of the workspace and the agent
   * @param {string} parts.me the agent's user id
   * @param {string} parts.page the id of this tab
   * @param {import("./audio.js").Devices} parts.audio
   * @param {import("./records.js").Records} parts.records
   * @param {any} [parts.Device]
   * @param {boolean} [parts.ring]
   */
  constructor({ api, name, me, page, audio, records, Device, ring }) {
    super();
    const ringEnds = new RingEnds(me);
    const tokens = new TokenKeeper(api);
    const reload = new Reload(name);
    const silence = () => (lackOf(this.readiness) === "microphone" ? `${this.readiness.text} ${this.readiness.fix}` : null);
    const phone = new Phone({ base: api.base, tokens, audio, reload, ringEnds, records, silence, Device, ring });
    const events = new EventStream(api, page);
    this.phone = phone;
    this.#events = events;
    this.#word = new Word(api, page);
    this.#registration = phone.registration;
    this.#microphone.onChange = () => this.#weigh();
    events.on("heard", () => this.#alive());

    /** @type {(keyof import("./phone.js").PhoneEvents)[]} */
    const passed = ["ringing", "answered", "ended", "blocked", "lines"];
    for (const event of passed) phone.on(event, (detail) => this.emit(event, detail));
    let isSignedOut = false;
    const register = (/** @type {import("./device.js").Registration} */ registration) => {
      isSignedOut = registration.problem?.isFinal ?? false;
      this.#registration = registration;
      this.emit("registration", registration);
      this.#weigh();
    };
    phone.on("registration", register);
    events.on("event", (event) => {
      if (event.name === "ring_ended" && event.data?.leg_sid) ringEnds.add(event.data);
      else this.emit("event", event);
      if (event.name === "call" && event.data?.call_sid) phone.know(event.data);
      const own = event.name === "snapshot" ? event.data?.me : event.data?.user_id === me ? event.data : null;
      if (own?.not_ready && this.readiness.isReady) this.#word.insist();
    });
    events.on("state", (state) => {
      this.emit("stream", state);
      this.#follow(state);
      if (state === "open" && isSignedOut) register(phone.registration);
    });
    // The phone continues with its access token; nothing else does.
    events.on("refused", (error) => register({ ...phone.registration, problem: problemOf(error) }));
  }

  /** A short gap in the stream of events is a restart of the server, and nothing to tell anybody. @param {string} state */
  #follow(state) {
    if (state !== "open" && this.#grace !== 0) return;
    clearTimeout(this.#grace);
    this.#grace = 0;
    if (state === "closed") return;
    const lost = (/** @type {boolean} */ isLost) => {
      this.#isServerLost = isLost;
      this.#weigh();
    };
    if (state === "open") lost(false);
    else this.#grace = window.setTimeout(() => lost(true), GRACE);
  }

  /** Something that readiness is made of has changed. */
  #weigh() {
    const before = this.readiness;
    this.readiness = readinessOf({
      registration: this.#registration,
      isServerLost: this.#isServerLost,
      microphone: this.#microphone.state,
    });
    this.#word.set(lackOf(this.readiness));
    if (before.code !== this.readiness.code || before.text !== this.readiness.text) this.emit("readiness", this.readiness);
  }

  /** Registers the phone, and opens the stream of events. */
  start() {
    document.addEventListener("resume", this.#awake);
    void this.#microphone.start();
    this.phone.start();
    void this.#events.open();
  }

  /** Ends both: calls of this tab are hung up. */
  stop() {
    document.removeEventListener("resume", this.#awake);
    clearTimeout(this.#grace);
    this.#microphone.stop();
    this.phone.stop();
    this.#events.close();
  }

  /** Checks the phone; called every few seconds. */
  check() {
    void this.phone.check();
    this.#alive();
  }

  /** This page runs. If nothing ran for long, the machine slept, or the browser had frozen the page. */
  #alive() {
    const pause = Date.now() - this.#aliveAt;
    this.#aliveAt = Date.now();
    if (pause > ASLEEP) this.#revive();
    else this.#word.repeat();
  }

  #revive() {
    this.phone.revive();
    this.#events.revive();
  }

  /** The browser had frozen the page. */
  #awake = () => {
    this.#aliveAt = Date.now();
    this.#revive();
  };

  /** Reconnects both at once. */
  wake() {
    this.phone.wake();
    this.#events.refresh();
  }
}

/** How long the stream of events may be interrupted before the server counts as lost. */
const GRACE = 3000;

/** Hidden pages may be slow, but the server sends something every 15 s. */
const ASLEEP = 30_000;
