import { VoiceDevice } from "./device.js";
import { Emitter } from "./emitter.js";
import { Endings } from "./endings.js";
import { Lines } from "./lines.js";
import { Ringer, wantsRing } from "./ringer.js";
import { prepareSdk } from "./sdk.js";

/**
 * @typedef {import("./lines.js").LineEvents & {
 *   registration: import("./device.js").Registration,
 *   blocked: boolean,
 * }} PhoneEvents `blocked`: whether the browser keeps the ring tone silent until a click
 */

/**
 * The agent's phone in this tab. It joins the device, the lines, the calls that survive a reload,
 * and the ring tone; each has its rules in its own module.
 *
 * @extends {Emitter<PhoneEvents>}
 */
export class Phone extends Emitter {
  #audio;
  #device;
  #lines;
  #reload;
  #ringer = new Ringer();
  #silence;
  #isRunning = false;

  /**
   * @param {object} parts
   * @param {string} parts.base the server
   * @param {import("./token.js").TokenKeeper} parts.tokens
   * @param {import("./audio.js").Devices} parts.audio
   * @param {import("./reload.js").Reload} parts.reload
   * @param {import("./reasons.js").RingEnds} parts.ringEnds
   * @param {import("./records.js").Records} parts.records
   * @param {() => string | null} [parts.silence] why the agent could not be heard in a call, if that is so
   * @param {any} [parts.Device] the SDK's constructor, if the host page bundles it
   * @param {boolean} [parts.ring] whether to play the ring tone; default `true`
   */
  constructor({ base, tokens, audio, reload, ringEnds, records, silence = () => null, Device, ring = true }) {
    super();
    this.#audio = audio;
    this.#reload = reload;
    this.#silence = silence;
    const device = new VoiceDevice({
      load: () => prepareSdk({ base, Device, getUserMedia: audio.open }),
      tokens,
      constraints: () => audio.constraints,
      hasLines: () => lines.all.length > 0,
      hasCalls: () => lines.hasCalls,
    });
    const endings = new Endings({ ringEnds, record: (...asked) => records.find(...asked) });
    const lines = new Lines({ device, reload, endings });
    this.#device = device;
    this.#lines = lines;

    device.on("registration", (registration) => this.emit("registration", registration));
    device.on("incoming", (call) => lines.incoming(call));
    device.on("built", () => lines.resume());
    device.on("speakers", () => this.#useSpeakers());
    lines.on("lines", (all) => {
      this.#ringer.set(ring && wantsRing(all));
      if (all.length === 0) device.idle();
      this.#write();
      this.emit("lines", all);
    });
    lines.on("ringing", (line) => this.emit("ringing", line));
    lines.on("answered", (line) => this.emit("answered", line));
    lines.on("ended", (end) => this.emit("ended", end));
    this.#ringer.onBlocked = (isBlocked) => this.emit("blocked", isBlocked);
  }

  get registration() {
    return this.#device.registration;
  }

  /** Brings back the calls of an earlier page, and keeps the phone registered until it is stopped. */
  start() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    window.addEventListener("pagehide", this.#leave);
    window.addEventListener("pageshow", this.#comeBack);
    window.addEventListener("pointerup", this.#touched);
    window.addEventListener("keydown", this.#touched);
    this.#lines.restore(this.#reload.restore(Date.now()));
    this.#device.start();
  }

  /** Ends it: calls in progress are hung up. */
  stop() {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    window.removeEventListener("pagehide", this.#leave);
    window.removeEventListener("pageshow", this.#comeBack);
    window.removeEventListener("pointerup", this.#touched);
    window.removeEventListener("keydown", this.#touched);
    this.#device.stop();
    this.#lines.clear();
    this.#reload.write([], Date.now());
  }

  /** Checks the device, and stores when each call was last here; called every few seconds. */
  async check() {
    this.#write();
    await this.#device.check();
  }

  /** Connects anew, after a time in which nothing here ran. */
  revive() {
    this.#device.revive();
  }

  /** Reconnects at once, when the network is back. */
  wake() {
    this.#device.wake();
  }

  /**
   * @param {string} id
   * @param {{ endOthers?: boolean }} [options]
   * @throws {Error} if there is no microphone: the call rings on, and can be answered when there is one
   */
  answer(id, options) {
    this.#checkMicrophone();
    this.#lines.answer(id, options);
  }

  /** @param {string} id */
  decline(id) {
    this.#lines.decline(id);
  }

  /** @param {string} id */
  hangUp(id) {
    this.#lines.hangUp(id);
  }

  /**
   * @param {string} id
   * @param {boolean} isMuted
   */
  mute(id, isMuted) {
    this.#lines.mute(id, isMuted);
  }

  /**
   * @param {string} id
   * @param {string} digits
   */
  sendDigits(id, digits) {
    this.#lines.sendDigits(id, digits);
  }

  /**
   * @param {string} number
   * @param {string | null} [text]
   */
  dial(number, text) {
    this.#checkMicrophone();
    return this.#lines.dial(number, text);
  }

  /** The server has sent the record of a call. @param {import("./team.js").Call} call */
  know(call) {
    this.#lines.know(call);
  }

  /** Compares the rings of an earlier page with the live calls. @param {Map<string, import("./team.js").Call>} live */
  compare(live) {
    this.#lines.compare(live);
  }

  /** Uses the devices that the agent has chosen. */
  useDevices() {
    this.#useSpeakers();
    const isTalking = this.#lines.all.some((line) => line.state === "open");
    if (isTalking) this.#device.useMicrophone(this.#audio.choice.microphone);
  }

  #checkMicrophone() {
    const why = this.#silence();
    if (why !== null) throw new Error(why);
  }

  #useSpeakers() {
    const { speaker, ringer } = this.#audio.choice;
    void this.#ringer.useDevice(ringer || speaker);
    this.#device.useSpeaker(speaker);
  }

  #write() {
    if (this.#isRunning) this.#reload.write(this.#lines.all, Date.now());
  }

  /** The page closes. Calls that the next page can resume are left as they are; all others end. */
  #leave = () => {
    this.#write();
    if (!this.#reload.canResume(this.#lines.all)) this.#device.drop();
  };

  /** @param {PageTransitionEvent} event */
  #comeBack = (event) => {
    if (event.persisted) this.#device.rebuild();
  };

  #touched = () => this.#ringer.retry();
}
