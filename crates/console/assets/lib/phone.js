import { delay, sleep } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { incoming, outgoing } from "./line.js";
import { parseNumber } from "./number.js";
import { isMicrophone, isTokenRefused, problemOf } from "./problem.js";
import { outboundEnding, sentence } from "./reasons.js";
import { Ringer } from "./ringer.js";
import { loadSdk, reach } from "./sdk.js";
import { isLive } from "./team.js";

/** @typedef {import("./line.js").Line} Line */
/** @typedef {import("./reasons.js").Ending} Ending */
/** @typedef {import("./team.js").Call} Call */
/** @typedef {import("./sdk.js").SdkCall} SdkCall */
/** @typedef {import("./sdk.js").SdkDevice} SdkDevice */

/**
 * Whether calls reach this agent's browser.
 *
 * @typedef {object} Registration
 * @property {"starting" | "registering" | "registered" | "unregistered" | "failed"} state
 *   `unregistered` comes back by itself; `failed` needs somebody to do something
 * @property {import("./problem.js").Problem | null} problem
 */

/**
 * @typedef {object} PhoneEvents
 * @property {Registration} registration
 * @property {Line[]} lines
 * @property {Line} ringing
 * @property {Line} answered
 * @property {{ line: Line, ending: Ending, text: string }} ended
 * @property {boolean} blocked whether the browser keeps the ring tone silent until a click
 */

/**
 * The SDK's Device and its calls.
 *
 * @extends {Emitter<PhoneEvents>}
 */
export class Phone extends Emitter {
  /** @type {Registration} */
  registration = { state: "starting", problem: null };
  /** @type {Map<string, Line>} */
  lines = new Map();

  /** @type {Map<string, SdkCall>} */
  #calls = new Map();
  /** What takes a line up again, by its id. @type {Map<string, string>} */
  #connectTokens = new Map();
  /** What this page did to a line, by its id: it explains the end that follows. @type {Map<string, Ending>} */
  #said = new Map();
  /** @type {SdkDevice | null} */
  #device = null;
  #isRunning = false;
  /** Tells a device that is being built from one that took its place. */
  #generation = 0;
  #failures = 0;
  #refusals = 0;
  /** Whether a token ended during a call: the SDK then leaves the registration to itself. */
  #isStale = false;
  #changedAt = Date.now();
  #ringer = new Ringer();
  /** Done when every digit is sent. */
  #sent = Promise.resolve();

  /**
   * @param {object} parts
   * @param {string} parts.base the server
   * @param {import("./token.js").TokenKeeper} parts.tokens
   * @param {import("./audio.js").Devices} parts.devices
   * @param {import("./keep.js").Keep} parts.keep
   * @param {import("./reasons.js").RingEnds} parts.ringEnds
   * @param {(callSid: string, fits: (call: Call) => boolean, patience: number) => Promise<Call | null>} parts.record
   *   the record of an outbound call, once it fits
   * @param {any} [parts.Device] the SDK's constructor, if the host page brings it
   * @param {boolean} [parts.ring] whether to play the ring tone
   */
  constructor(parts) {
    super();
    this.parts = parts;
    this.#ringer.onBlocked = (blocked) => this.emit("blocked", blocked);
  }

  /** Builds the device and registers it, and keeps it registered until it is stopped. */
  start() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    window.addEventListener("pagehide", this.#leave);
    window.addEventListener("pageshow", this.#comeBack);
    window.addEventListener("pointerup", this.#touched);
    window.addEventListener("keydown", this.#touched);
    for (const { line, connectToken } of this.parts.keep.read(Date.now())) {
      this.#connectTokens.set(line.id, connectToken);
      const rings = line.state === "ringing" && line.direction === "inbound";
      this.lines.set(line.id, rings ? line : { ...line, state: "reconnecting" });
    }
    this.#changed();
    void this.#build();
  }

  /** Ends it: calls that go on are hung up. */
  stop() {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#generation += 1;
    window.removeEventListener("pagehide", this.#leave);
    window.removeEventListener("pageshow", this.#comeBack);
    window.removeEventListener("pointerup", this.#touched);
    window.removeEventListener("keydown", this.#touched);
    this.#device?.destroy();
    this.#device = null;
    this.lines.clear();
    this.#calls.clear();
    this.parts.keep.write([]);
    this.#changed();
    this.#register("starting");
  }

  /** Looks after the token and the registration; called every few seconds. */
  async check() {
    if (!this.#isRunning) return;
    this.#write();
    const stands = Date.now() - this.#changedAt;
    const isWaiting = this.registration.state === "registering" || this.registration.state === "unregistered";
    if (isWaiting && stands > 20_000 && this.lines.size === 0) return this.#build();
    const isLost = this.#isStale && this.registration.state !== "registered";
    if (this.#device && (isLost || this.parts.tokens.isDue)) await this.#renew();
  }

  /** Comes back at once after a sleep or when the network is there again. */
  wake() {
    if (!this.#isRunning) return;
    if (this.registration.state !== "registered" && this.lines.size === 0) void this.#build();
    else if (this.parts.tokens.isDue) void this.#renew();
  }

  /** @param {string} id */
  answer(id) {
    const line = this.lines.get(id);
    if (!line || line.state !== "ringing" || line.direction !== "inbound") return;
    const call = this.#calls.get(id);
    if (!call) return void this.#resume(line);
    this.#change(line, { state: "connecting" });
    call.accept({ rtcConstraints: this.parts.devices.constraints });
  }

  /** @param {string} id */
  decline(id) {
    const line = this.lines.get(id);
    if (!line) return;
    const call = this.#calls.get(id);
    if (call) call.reject();
    else this.#end(line, { reason: "declined", by: null });
  }

  /** @param {string} id */
  hangUp(id) {
    const line = this.lines.get(id);
    if (!line) return;
    if (line.state === "ringing" && line.direction === "inbound") return this.decline(id);
    if (line.state !== "over") this.#said.set(id, { reason: "hung_up", by: null });
    const call = this.#calls.get(id);
    if (call) call.disconnect();
    else this.#end(line, { reason: "hung_up", by: null });
  }

  /**
   * @param {string} id
   * @param {boolean} isMuted
   */
  mute(id, isMuted) {
    const line = this.lines.get(id);
    if (!line) return;
    this.#calls.get(id)?.mute(isMuted);
    this.#change(line, { isMuted });
  }

  /**
   * @param {string} id
   * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
   */
  sendDigits(id, digits) {
    if (!/^[0-9*#w]+$/.test(digits)) throw new Error("Digits are 0 to 9, * and #.");
    // A call that has just ended takes none.
    for (const digit of digits) this.#sent = this.#sent.then(() => this.#send(id, digit)).catch(() => {});
  }

  /**
   * Sends one digit and lets it sound: the browser forgets what still waits when it is given more.
   *
   * @param {string} id
   * @param {string} digit
   */
  async #send(id, digit) {
    const call = this.#calls.get(id);
    if (!call) return;
    if (digit !== "w") call.sendDigits(digit);
    await sleep(digit === "w" ? 500 : TONE);
  }

  /**
   * Calls a number.
   *
   * @param {string} typed
   * @returns {Line}
   */
  dial(typed) {
    const parsed = parseNumber(typed);
    if ("problem" in parsed) throw new Error(parsed.problem);
    if (this.lines.size > 0) throw new Error("Another call is going on.");
    const device = this.#device;
    if (!device) throw new Error("The phone is not connected yet.");
    const line = outgoing(parsed.number, crypto.randomUUID(), Date.now());
    this.lines.set(line.id, line);
    this.#changed();
    void this.#place(line, device);
    return line;
  }

  /**
   * @param {Line} line
   * @param {SdkDevice} device
   */
  async #place(line, device) {
    try {
      const params = { To: line.number };
      const call = await device.connect({ params, rtcConstraints: this.parts.devices.constraints });
      this.#wire(line, call);
      if (this.#said.has(line.id)) call.disconnect();
    } catch (error) {
      const { title } = problemOf(error);
      this.#end(line, { reason: "failed", by: null, detail: lower(title) });
    }
  }

  /**
   * Ends the lines that ring here without the SDK, kept over a reload, and no longer ring at Twilio.
   *
   * @param {Map<string, import("./team.js").Call>} live
   */
  compare(live) {
    for (const line of this.lines.values()) {
      if (line.state !== "ringing" || line.direction !== "inbound" || this.#calls.has(line.id)) continue;
      const legs = live.get(line.callSid ?? "")?.legs ?? [];
      const leg = legs.find(({ leg_sid }) => leg_sid === line.legSid);
      if (!leg || leg.ended_at || leg.answered_at) void this.#stopped(line);
    }
  }

  /** Puts the chosen devices to use. */
  useDevices() {
    this.#useSpeakers();
    const isTalking = [...this.lines.values()].some((line) => line.state === "open");
    const { microphone } = this.parts.devices.choice;
    if (isTalking) this.#device?.audio?.setInputDevice(microphone || "default").catch(() => {});
  }

  #useSpeakers() {
    const { speaker, ringer } = this.parts.devices.choice;
    void this.#ringer.useDevice(ringer || speaker);
    const audio = this.#device?.audio;
    if (audio?.isOutputSelectionSupported) audio.speakerDevices.set(speaker || "default").catch(() => {});
  }

  // The device

  async #build() {
    const generation = ++this.#generation;
    const isOld = () => generation !== this.#generation;
    this.#isStale = false;
    this.#device?.destroy();
    this.#device = null;
    this.#register("registering", this.registration.problem);
    try {
      const { base, tokens } = this.parts;
      const asked = tokens.get({ fresh: this.#refusals > 0 });
      // If this fails before the token is there, nobody else waits for it.
      asked.catch(() => {});
      const config = await configuration(base);
      const host = reach(config.signalling);
      const Device = this.parts.Device ?? (await loadSdk(base));
      const { token } = await asked;
      if (isOld()) return;
      this.#adopt(new Device(token, { ...options(config, host), getUserMedia: this.parts.devices.open }));
    } catch (error) {
      if (!isOld()) this.#failed(problemOf(error));
    }
  }

  /** @param {SdkDevice} device */
  #adopt(device) {
    this.#device = device;
    const isOld = () => device !== this.#device;
    // The SDK hangs up when its page goes, a reload included; this page decides by itself.
    if (device._boundOnPageHide) window.removeEventListener("pagehide", device._boundOnPageHide);
    device.audio?.incoming(false);
    device.audio?.outgoing(false);
    device.audio?.disconnect(false);
    device.on("registering", () => isOld() || this.#register("registering", this.registration.problem));
    device.on("unregistered", () => isOld() || this.#lost());
    device.on("registered", () => {
      if (isOld()) return;
      this.#failures = 0;
      this.#refusals = 0;
      this.#register("registered");
    });
    device.on("error", (error) => isOld() || this.#refused(error));
    device.on("incoming", (call) => isOld() || this.#incoming(call));
    device.on("tokenWillExpire", () => isOld() || void this.check());
    this.#useSpeakers();
    // The SDK knows the loudspeakers only now, and begins with the system's.
    device.audio?.on("deviceChange", () => setTimeout(() => isOld() || this.#useSpeakers()));
    for (const line of this.lines.values()) {
      if (line.state === "reconnecting") void this.#resume(line);
    }
    device.register().catch((error) => {
      if (!isOld() && error) this.#refused(error);
    });
  }

  #lost() {
    if (this.registration.state !== "failed") this.#register("unregistered", this.registration.problem);
  }

  /**
   * An error of the device. Most are passing, and the SDK connects again by itself.
   *
   * @param {any} error
   */
  #refused(error) {
    const code = Number(error?.code);
    if (isMicrophone(code)) return;
    if (!isTokenRefused(code)) {
      if (this.registration.state !== "registered") {
        this.#register(this.registration.state, problemOf(error));
      }
      return;
    }
    this.#refusals += 1;
    if (this.#refusals > 2) return this.#failed(problemOf(error));
    this.#register("unregistered", null);
    this.#isStale = this.#calls.size > 0;
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
      if (this.#calls.size > 0) this.#failed(problem);
      else void this.#build();
    });
  }

  /** Renews the token, not in the middle of a call if it has time. */
  async #renew() {
    try {
      const { token } = await this.parts.tokens.get({ fresh: this.#refusals > 0 });
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

  // The calls

  /** @param {SdkCall} call */
  #incoming(call) {
    const line = incoming(call.parameters, call.customParameters, Date.now());
    for (const [id, other] of this.lines) {
      // The same call rings again, after a reload or a lost connection.
      const isSame = other.callSid !== null && other.callSid === line.callSid && !this.#calls.has(id);
      if (isSame) this.#forget(id);
    }
    this.lines.set(line.id, line);
    this.#wire(line, call);
    this.#changed();
    this.emit("ringing", line);
  }

  /**
   * Takes up a call that another page of this agent had.
   *
   * @param {Line} line
   */
  async #resume(line) {
    const connectToken = this.#connectTokens.get(line.id);
    const device = this.#device;
    if (!connectToken || !device) return this.#end(line, { reason: "lost", by: null });
    this.#change(line, { state: line.answeredAt === null ? "connecting" : "reconnecting" });
    try {
      const call = await device.connect({ connectToken, rtcConstraints: this.parts.devices.constraints });
      this.#wire(line, call);
      await sleep(RESUME);
      const now = this.lines.get(line.id);
      if (now && now.state !== "open" && this.#calls.get(line.id) === call) call.disconnect();
    } catch {
      this.#end(line, { reason: "lost", by: null });
    }
  }

  /**
   * Follows what happens to a call.
   *
   * @param {Line} first
   * @param {SdkCall} call
   */
  #wire(first, call) {
    const { id } = first;
    const line = () => this.lines.get(id);
    /** @type {any} */
    let failure = null;
    /** @param {(line: Line) => void} then */
    const change = (then) => () => {
      const now = line();
      if (now && this.#calls.get(id) === call) then(now);
    };
    this.#calls.set(id, call);
    this.#remember(id, call);
    call.on("ringing", change((now) => this.#change(now, { state: "ringing", ...sids(now, call) })));
    call.on("accept", change((now) => {
      this.#remember(id, call);
      if (now.isMuted) call.mute(true);
      const known = { ...now, ...sids(now, call) };
      if (now.direction === "inbound" || now.answeredAt !== null) return this.#opened(known, Date.now());
      this.#change(now, known);
      return void this.#reached(known, call);
    }));
    call.on("reconnecting", change((now) => {
      if (now.answeredAt !== null) this.#change(now, { state: "reconnecting" });
    }));
    call.on("reconnected", change((now) => {
      this.#remember(id, call);
      if (now.answeredAt !== null) this.#change(now, { state: "open" });
    }));
    call.on("transportClose", change((now) => {
      // The SDK forgets a ringing call whose connection is lost; its token can still take it.
      if (now.state === "ringing" && now.direction === "inbound") this.#calls.delete(id);
    }));
    call.on("mute", (isMuted) => change((now) => this.#change(now, { isMuted }))());
    call.on("warning", (name) => change((now) => this.#change(now, { trouble: WARNINGS[name] ?? now.trouble }))());
    call.on("warning-cleared", change((now) => this.#change(now, { trouble: null })));
    call.on("error", (error) => (failure = error));
    call.on("cancel", change((now) => void this.#stopped(now)));
    call.on("reject", change((now) => this.#end(now, { reason: "declined", by: null })));
    // The SDK says that a call is over before it says what failed.
    call.on("disconnect", () => setTimeout(change((now) => void this.#disconnected(now, failure))));
  }

  /**
   * Both ends are connected.
   *
   * @param {Line} line
   * @param {number} at
   */
  #opened(line, at) {
    const open = /** @type {Line} */ ({ ...line, state: "open", answeredAt: line.answeredAt ?? at, trouble: null });
    this.#change(line, open);
    if (line.answeredAt === null) this.emit("answered", open);
  }

  /**
   * A call that was placed has somebody at its other end: who was called, for whom Twilio waits
   * before it connects the agent (`answerOnBridge`), or the server, which says that the call is not
   * placed or not answered. Only the record of the call can tell.
   *
   * @param {Line} line
   * @param {SdkCall} call
   */
  async #reached({ id, callSid }, call) {
    const at = Date.now();
    const isDecided = (/** @type {Call} */ { outcome }) => outcome !== "ringing";
    const record = callSid ? await this.parts.record(callSid, isDecided, DOUBT) : null;
    const now = this.lines.get(id);
    if (!now || this.#calls.get(id) !== call) return;
    if (!record || CONNECTED.has(record.outcome)) return this.#opened(now, at);
    const ending = outboundEnding(record);
    this.#said.set(id, ending);
    this.#change(now, { state: "over", trouble: sentence(ending) });
  }

  /**
   * The ring is over, and the SDK does not say why.
   *
   * @param {Line} line
   */
  async #stopped(line) {
    this.#forget(line.id);
    this.#changed();
    const why = line.legSid ? this.parts.ringEnds.why(line.legSid, sleep(PATIENCE)) : null;
    this.#tell(line, (await why) ?? { reason: "unknown", by: null });
  }

  /**
   * @param {Line} line
   * @param {any} failure the SDK's last error of this call
   */
  async #disconnected(line, failure) {
    const said = this.#said.get(line.id);
    if (said) return this.#end(line, said);
    if (failure && (isMicrophone(Number(failure.code)) || line.state === "reconnecting")) {
      const reason = isMicrophone(Number(failure.code)) ? "failed" : "lost";
      return this.#end(line, { reason, by: null, detail: lower(problemOf(failure).title) });
    }
    if (line.direction === "inbound") {
      if (line.answeredAt === null) return this.#stopped(line);
      return this.#end(line, { reason: "caller_hung_up", by: null });
    }
    this.#forget(line.id);
    this.#changed();
    const isOver = (/** @type {Call} */ call) => !isLive(call);
    const record = line.callSid ? await this.parts.record(line.callSid, isOver, PATIENCE) : null;
    const detail = failure ? lower(problemOf(failure).title) : null;
    const reason = line.answeredAt === null ? "failed" : "callee_hung_up";
    this.#tell(line, record ? outboundEnding(record) : { reason, by: null, detail });
  }

  /**
   * @param {Line} line
   * @param {Ending} ending
   */
  #end(line, ending) {
    this.#forget(line.id);
    this.#changed();
    this.#tell(line, ending);
  }

  /**
   * @param {Line} line
   * @param {Ending} ending
   */
  #tell(line, ending) {
    this.emit("ended", { line, ending, text: sentence(ending) });
  }

  /** @param {string} id */
  #forget(id) {
    this.lines.delete(id);
    this.#calls.delete(id);
    this.#connectTokens.delete(id);
    this.#said.delete(id);
  }

  /**
   * @param {Line} line
   * @param {Partial<Line>} change
   */
  #change(line, change) {
    if (!this.lines.has(line.id)) return;
    this.lines.set(line.id, { ...line, ...change });
    this.#changed();
  }

  #changed() {
    const lines = [...this.lines.values()];
    const isTalking = lines.some((line) => line.state === "open" || line.state === "connecting");
    const isRinging = lines.some((line) => line.state === "ringing" && line.direction === "inbound");
    this.#ringer.set(this.parts.ring !== false && isRinging && !isTalking);
    // A microphone that was changed during a call would stay open after it.
    if (lines.length === 0) this.#device?.audio?.unsetInputDevice?.().catch(() => {});
    if (lines.length === 0 && this.#isStale && this.#isRunning) void this.#build();
    this.#write();
    this.emit("lines", lines);
  }

  // Across a reload

  /**
   * @param {string} id
   * @param {SdkCall} call
   */
  #remember(id, call) {
    if (call.connectToken) this.#connectTokens.set(id, call.connectToken);
  }

  #write() {
    if (!this.#isRunning) return;
    const at = Date.now();
    const kept = [...this.lines.values()].flatMap((line) => {
      const connectToken = this.#connectTokens.get(line.id);
      return connectToken ? [{ line, connectToken, at }] : [];
    });
    this.parts.keep.write(kept);
  }

  /** The page goes. Calls that can be taken up again are left as they are, all else is ended. */
  #leave = () => {
    this.#write();
    const isKept = [...this.lines.keys()].some((id) => this.#connectTokens.has(id));
    if (isKept) return;
    this.#generation += 1;
    this.#device?.destroy();
    this.#device = null;
  };

  /** @param {PageTransitionEvent} event */
  #comeBack = (event) => {
    if (event.persisted && this.#isRunning) void this.#build();
  };

  #touched = () => this.#ringer.retry();
}

/**
 * @param {Line} line
 * @param {SdkCall} call
 */
function sids(line, call) {
  const { CallSid } = call.parameters;
  if (line.direction === "inbound" || !CallSid?.startsWith("CA")) return {};
  return { legSid: CallSid, callSid: CallSid };
}

/** @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

/**
 * @param {{ signalling: string | null, publish_events: boolean, edge: string | null }} config
 * @param {string | null} host of a signalling server that is not Twilio's
 */
function options(config, host) {
  return {
    ...(host ? { chunderw: host } : {}),
    ...(config.edge ? { edge: config.edge } : {}),
    publishEvents: config.publish_events,
    Sound: Silent,
    logLevel: "silent",
    allowIncomingWhileBusy: false,
    enableImprovedSignalingErrorPrecision: true,
    maxCallSignalingTimeoutMs: 30_000,
  };
}

/**
 * In place of the SDK's sounds, which it fetches from Twilio before it is told which it shall play;
 * a call would be shown two seconds late. Keys still sound: the SDK makes those tones itself.
 */
class Silent {
  isPlaying = false;
  async play() {}
  stop() {}
  setSinkIds() {}
}

/** @param {string} base */
async function configuration(base) {
  const response = await fetch(`${base}/console/config.json`, { cache: "no-store" });
  if (!response.ok) throw new Error("The server does not tell how to reach Twilio.");
  return response.json();
}

/** How long the server may take to say why a call is over. */
const PATIENCE = 6000;

/** Outcomes of a call that somebody answered. */
const CONNECTED = new Set(["in_progress", "completed"]);

/** After so long without a word from the server, who is heard is who was called. */
const DOUBT = 2000;

/** How long the SDK lets a digit sound, with the pause after it. */
const TONE = 230;

/** How long a call may take to be taken up again. */
const RESUME = 15_000;

/** @type {Record<string, string>} */
const WARNINGS = {
  "high-rtt": "The connection is slow",
  "high-jitter": "The connection is unsteady",
  "high-packet-loss": "The connection loses sound",
  "high-packets-lost-fraction": "The connection loses sound",
  "low-mos": "The connection is poor",
  "low-bytes-received": "No sound arrives",
  "low-bytes-sent": "No sound leaves",
  "ice-connectivity-lost": "The connection was lost",
  "constant-audio-input-level": "Your microphone is silent",
};
