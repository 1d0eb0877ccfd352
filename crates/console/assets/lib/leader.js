import { Emitter } from "./emitter.js";
import { Phone } from "./phone.js";
import { problemOf } from "./problem.js";
import { RingEnds } from "./reasons.js";
import { Reload } from "./reload.js";
import { EventStream } from "./stream.js";
import { TokenKeeper } from "./token.js";

/**
 * @typedef {import("./phone.js").PhoneEvents & {
 *   event: { name: string, data: any },
 *   stream: import("./stream.js").StreamEvents["state"],
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
  #events;

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
    const phone = new Phone({ base: api.base, tokens, audio, reload, ringEnds, records, Device, ring });
    const events = new EventStream(api, page);
    this.phone = phone;
    this.#events = events;

    /** @type {(keyof import("./phone.js").PhoneEvents)[]} */
    const passed = ["ringing", "answered", "ended", "blocked", "lines"];
    for (const event of passed) phone.on(event, (detail) => this.emit(event, detail));
    let isSignedOut = false;
    phone.on("registration", (registration) => {
      isSignedOut = registration.problem?.isFinal ?? false;
      this.emit("registration", registration);
    });
    events.on("event", (event) => {
      if (event.name === "ring_ended" && event.data?.leg_sid) ringEnds.add(event.data);
      else this.emit("event", event);
    });
    events.on("state", (state) => {
      this.emit("stream", state);
      if (state !== "open" || !isSignedOut) return;
      isSignedOut = false;
      this.emit("registration", phone.registration);
    });
    // The phone continues with its access token; nothing else does.
    events.on("refused", (error) => {
      const problem = problemOf(error);
      isSignedOut = problem.isFinal;
      this.emit("registration", { ...phone.registration, problem });
    });
  }

  /** Registers the phone, and opens the stream of events. */
  start() {
    this.phone.start();
    void this.#events.open();
  }

  /** Ends both: calls of this tab are hung up. */
  stop() {
    this.phone.stop();
    this.#events.close();
  }

  /** Checks the phone; called every few seconds. */
  check() {
    void this.phone.check();
  }

  /** The machine slept, or the page is hidden and the browser throttles its timers. */
  revive() {
    this.phone.wake();
    this.#events.revive();
  }

  /** Reconnects both at once. */
  wake() {
    this.phone.wake();
    this.#events.refresh();
  }
}
