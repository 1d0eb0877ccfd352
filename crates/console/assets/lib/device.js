import { delay, sleep } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { isMicrophone, isTokenRefused, problemOf } from "./problem.js";

/** @typedef {import("./sdk.js").SdkCall} SdkCall */
/** @typedef {import("./sdk.js").SdkDevice} SdkDevice */

/**
 * Whether calls reach this agent's browser.
 *
 * @typedef {object} Registration
 * @property {"starting" | "registering" | "registered" | "unregistered" | "failed"} state
 *   `unregistered` recovers by itself; `failed` needs somebody to act
 * @property {import("./problem.js").Problem | null} problem
 */

/**
 * @typedef {object} DeviceEvents
 * @property {Registration} registration
 * @property {null} built a new device can place and resume calls; it is not registered yet
 * @property {SdkCall} incoming
 * @property {null} speakers the loudspeakers are known, or have changed
 */

/**
 * The SDK's Device: its token, its registration and its problems. It knows nothing of what happens in
 * a call.
 *
 * @extends {Emitter<DeviceEvents>}
 */
export class VoiceDevice extends Emitter {
  /** @type {Registration} */
  registration = { state: "starting", problem: null };

  #parts;
  /** @type {SdkDevice | null} */
  #device = null;
  #isRunning = false;
  /** Distinguishes a device that is being built from the one that replaced it. */
  #generation = 0;
  #failures = 0;
  #refusals = 0;
  /** Whether a token expired during a call. The SDK then still says `registered`, which is not true. */
  #isStale = false;
  #changedAt = Date.now();

  /**
   * @param {object} parts
   * @param {() => Promise<(token: string, edge: string | null) => SdkDevice>} parts.load loads the SDK, and returns a function
   *   that makes its Device
   * @param {Pick<import("./token.js").TokenKeeper, "get" | "isDue">} parts.tokens
   * @param {() => object} parts.constraints how to open the microphone
   * @param {() => boolean} parts.hasLines whether there is a line, also one that waits to be resumed
   * @param {() => boolean} parts.hasCalls whether the SDK holds a call, which a new device would end
   */
  constructor(parts) {
    super();
    this.#parts = parts;
  }

  /** Builds the device and registers it, and keeps it registered until it is stopped. */
  start() {
    this.#isRunning = true;
    void this.#build();
  }

  /** Ends it, and every call with it. */
  stop() {
    this.#isRunning = false;
    this.drop();
    this.#register("starting");
  }

  /** Drops the device without an event: the page is about to close. */
  drop() {
    this.#generation += 1;
    this.#destroy();
  }

  /** Its last events are nobody's any more. */
  #destroy() {
    const device = this.#device;
    this.#device = null;
    device?.destroy();
  }

  /** Builds another device, after the page came back from the browser's cache. */
  rebuild() {
    if (this.#isRunning) void this.#build();
  }

  /** Checks the token and the registration; called every few seconds. */
  async check() {
    if (!this.#isRunning) return;
    const { state } = this.registration;
    const isWaiting = state === "registering" || state === "unregistered";
    const hasWaited = isWaiting && Date.now() - this.#changedAt > STUCK;
    if (hasWaited && !this.#parts.hasLines()) return this.#build();
    const isLost = this.#isStale && state !== "registered";
    if (this.#device && (isLost || this.#parts.tokens.isDue)) await this.#renew();
  }

  /** Connects anew, after a time in which nothing here ran: the SDK does not notice that its connection is dead. */
  revive() {
    if (this.#isRunning && !this.#parts.hasLines()) void this.#build();
    else this.wake();
  }

  /** Reconnects at once, when the network is back. */
  wake() {
    if (!this.#isRunning) return;
    if (this.registration.state !== "registered" && !this.#parts.hasLines()) void this.#build();
    else if (this.#parts.tokens.isDue) void this.#renew();
  }

  /** The last line is gone. */
  idle() {
    // A microphone that was changed during a call would stay open after it.
    this.#device?.audio?.unsetInputDevice?.().catch(() => {});
    if (this.#isStale && this.#isRunning) void this.#build();
  }

  /** Whether calls can be placed and resumed. */
  get isReady() {
    return this.#device !== null;
  }

  /** How the SDK opens the microphone. */
  get constraints() {
    return this.#parts.constraints();
  }

  /**
   * Places a call, or resumes one.
   *
   * @param {{ params: Record<string, string> } | { connectToken: string }} what
   * @returns {Promise<SdkCall>}
   */
  async connect(what) {
    if (!this.#device) throw new Error("The phone is not connected yet.");
    return this.#device.connect({ ...what, rtcConstraints: this.constraints });
  }

  /** Changes the microphone of the call. @param {string} id `""` for the system's default */
  useMicrophone(id) {
    this.#device?.audio?.setInputDevice(id || "default").catch(() => {});
  }

  /** Changes the loudspeaker of calls. @param {string} id `""` for the system's default */
  useSpeaker(id) {
    const audio = this.#device?.audio;
    if (audio?.isOutputSelectionSupported) audio.speakerDevices.set(id || "default").catch(() => {});
  }

  async #build() {
    const generation = ++this.#generation;
    const isOld = () => generation !== this.#generation;
    this.#isStale = false;
    this.#destroy();
    this.#register("registering", this.registration.problem);
    try {
      const asked = this.#parts.tokens.get({ fresh: this.#refusals > 0 });
      // If this fails while the SDK still loads, nothing handles it yet.
      asked.catch(() => {});
      const make = await this.#parts.load();
      const { token, edge } = await asked;
      if (!isOld()) this.#adopt(make(token, edge));
    } catch (error) {
      if (!isOld()) this.#failed(problemOf(error));
    }
  }

  /** @param {SdkDevice} device */
  #adopt(device) {
    this.#device = device;
    const isOld = () => device !== this.#device;
    // The SDK hangs up when its page closes, also on a reload. This module decides itself.
    if (device._boundOnPageHide) window.removeEventListener("pagehide", device._boundOnPageHide);
    device.audio?.incoming(false);
    device.audio?.outgoing(false);
    device.audio?.disconnect(false);
    device.on("registering", () => isOld() || this.#register("registering", this.registration.problem));
    device.on("unregistered", () => isOld() || this.#lost());
    device.on("registered", () => isOld() || this.#registered());
    device.on("error", (error) => isOld() || this.#refused(error));
    device.on("incoming", (call) => isOld() || this.emit("incoming", call));
    device.on("tokenWillExpire", () => isOld() || void this.check());
    this.emit("speakers", null);
    // The SDK finds the loudspeakers only now, and starts with the system's default.
    device.audio?.on("deviceChange", () => setTimeout(() => isOld() || this.emit("speakers", null)));
    this.emit("built", null);
    device.register().catch((error) => {
      if (!isOld() && error) this.#refused(error);
    });
  }

  #registered() {
    this.#failures = 0;
    this.#refusals = 0;
    this.#register("registered");
  }

  #lost() {
    if (this.registration.state !== "failed") this.#register("unregistered", this.registration.problem);
  }

  /**
   * An error of the device. Most are temporary, and the SDK connects again by itself.
   *
   * @param {any} error
   */
  #refused(error) {
    const code = Number(error?.code);
    if (isMicrophone(code)) return;
    if (!isTokenRefused(code)) {
      const { state } = this.registration;
      if (state !== "registered") this.#register(state, problemOf(error));
      return;
    }
    this.#refusals += 1;
    if (this.#refusals > MOST_REFUSALS) return this.#failed(problemOf(error));
    this.#register("unregistered", null);
    this.#isStale = this.#parts.hasCalls();
    if (this.#isStale) void this.#renew();
    else void this.#build();
  }

  /** @param {import("./problem.js").Problem} problem */
  #failed(problem) {
    this.#register("failed", problem);
    if (problem.isFinal) return;
    this.#failures += 1;
    const generation = this.#generation;
    const pause = delay(this.#failures, { first: 1000, most: 60_000 });
    void sleep(pause).then(() => {
      if (generation !== this.#generation || !this.#isRunning) return;
      // A new device would end the calls of this one.
      if (this.#parts.hasCalls()) this.#failed(problem);
      else void this.#build();
    });
  }

  /** Gives the device a newer token. */
  async #renew() {
    try {
      const { token } = await this.#parts.tokens.get({ fresh: this.#refusals > 0 });
      this.#device?.updateToken(token);
      const isBack = this.#isStale && this.#device?.state === "registered";
      if (isBack || this.registration.problem) this.#register(isBack ? "registered" : this.registration.state);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.isFinal) this.#register(this.registration.state, problem);
    }
  }

  /**
   * @param {Registration["state"]} state
   * @param {Registration["problem"]} [problem]
   */
  #register(state, problem = null) {
    if (state !== this.registration.state) this.#changedAt = Date.now();
    this.registration = { state, problem };
    this.emit("registration", this.registration);
  }
}

/** A device that waits longer than this to register is replaced, unless there is a call. */
const STUCK = 20_000;

/** This many refused tokens in a row are replaced at once. */
const MOST_REFUSALS = 2;
