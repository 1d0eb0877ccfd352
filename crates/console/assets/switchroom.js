/**
 * Switchroom in any page: an agent's phone, and what the team does.
 *
 * ```js
 * import { connect } from "https://voice.example.com/console/switchroom.js";
 *
 * const phone = connect({
 *   baseUrl: "https://voice.example.com",
 *   workspace: "acme",
 *   session: async () => (await supabase.auth.getSession()).data.session.access_token,
 * });
 * phone.on("ringing", (line) => showCard(line));
 * phone.on("ended", ({ line, text }) => hideCard(line, text));
 * ```
 *
 * @module
 */

import { Api } from "./lib/api.js";
import { sleep } from "./lib/backoff.js";
import { Devices } from "./lib/audio.js";
import { Emitter } from "./lib/emitter.js";
import { Keep } from "./lib/keep.js";
import { Phone } from "./lib/phone.js";
import { problemOf } from "./lib/problem.js";
import { RingEnds } from "./lib/reasons.js";
import { Records } from "./lib/records.js";
import { Session, readSession } from "./lib/session.js";
import { EventStream } from "./lib/stream.js";
import { Tabs } from "./lib/tabs.js";
import { Team } from "./lib/team.js";
import { TokenKeeper } from "./lib/token.js";

export { formatNumber, parseNumber } from "./lib/number.js";
export { whySentence } from "./lib/line.js";
export { isLive } from "./lib/team.js";

/** @typedef {import("./lib/line.js").Line} Line */
/** @typedef {import("./lib/reasons.js").Ending} Ending */
/** @typedef {import("./lib/reasons.js").Reason} Reason */
/** @typedef {import("./lib/phone.js").Registration} Registration */
/** @typedef {import("./lib/problem.js").Problem} Problem */
/** @typedef {import("./lib/team.js").Agent} Agent */
/** @typedef {import("./lib/team.js").Call} Call */

/**
 * @typedef {object} Options
 * @property {string} baseUrl the server, for example `https://voice.example.com`
 * @property {string} workspace the workspace's id
 * @property {import("./lib/session.js").SessionSource} session the session token, or a function that
 *   hands out a fresh one, which is asked again before it ends
 * @property {any} [Device] the SDK's `Device`, if the page brings it; otherwise it is loaded from the
 *   server
 * @property {boolean} [ring] whether to play the ring tone; default `true`
 */

/**
 * @typedef {object} Events
 * @property {Line} ringing a call comes in
 * @property {Line} answered both ends are connected; of an outbound call, the callee has answered
 * @property {{ line: Line, ending: Ending, text: string }} ended a call is over, or stopped ringing;
 *   `text` says why, in words
 * @property {Line[]} lines anything about this agent's calls has changed
 * @property {Registration} registration whether calls reach this browser
 * @property {Agent} status what this agent does, as it counts for routing
 * @property {Agent[]} agents the team
 * @property {Call[]} calls the live calls of the workspace
 * @property {Call} call one call of the workspace has changed, or is over
 * @property {boolean} leading whether this tab holds the phone
 * @property {"connecting" | "open" | "refused" | "closed"} stream whether the team's view is live
 * @property {boolean} blocked whether the browser keeps the ring tone silent until a click
 */

/**
 * Connects this page: registers the phone, and follows the team. Everything that breaks and can be
 * mended is mended; what cannot is the `problem` of `registration`.
 *
 * @param {Options} options
 * @returns {Switchroom}
 */
export function connect(options) {
  return new Switchroom(options);
}

/**
 * A connected page. Of several tabs of one agent, one holds the phone; in the others everything
 * works the same, through it.
 *
 * @extends {Emitter<Events>}
 */
export class Switchroom extends Emitter {
  /** The user id of the agent; `null` until the session is known. @type {string | null} */
  me = null;
  /** @type {Registration} */
  registration = { state: "starting", problem: null };
  /** This agent's calls. @type {Line[]} */
  lines = [];
  /** Whether this tab holds the phone. */
  isLeading = false;
  /** @type {Events["stream"]} */
  stream = "connecting";
  /** The microphones and loudspeakers. */
  devices = new Devices();

  #team = new Team();
  #api;
  /** @type {Tabs | null} */
  #tabs = null;
  /** @type {Phone | null} */
  #phone = null;
  /** @type {EventStream | null} */
  #events = null;
  /** @type {RingEnds | null} */
  #ringEnds = null;
  #records = new Records();
  /** Orders to the leading tab that are not done yet. @type {Map<string, { done: (value: any) => void, failed: (error: Error) => void }>} */
  #orders = new Map();
  #beat = 0;
  #isClosed = false;

  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.#api = new Api({ ...this.options, session: new Session(options.session) });
    // Whoever is told of the first events must be able to listen first.
    queueMicrotask(() => void this.#start());
  }

  /** The team, by name. @returns {Agent[]} */
  get agents() {
    return this.#team.byName();
  }

  /** One agent. @param {string | null | undefined} userId @returns {Agent | null} */
  agent(userId) {
    return this.#team.agents.get(userId ?? "") ?? null;
  }

  /** The live calls, the oldest first. @returns {Call[]} */
  get calls() {
    const started = (/** @type {Call} */ call) => call.started_at ?? "";
    return [...this.#team.calls.values()].sort((a, b) => started(a).localeCompare(started(b)));
  }

  /** What this agent does, as it counts for routing. @returns {Agent | null} */
  get status() {
    return this.agent(this.me);
  }

  /** The server's clock, in milliseconds. */
  get now() {
    return Date.now() + this.#team.ahead;
  }

  /**
   * Answers a call that rings; without an id the one that rings first.
   *
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  answer(id = this.#find((line) => line.state === "ringing" && line.direction === "inbound")) {
    return this.#order("answer", id);
  }

  /**
   * Declines a call that rings.
   *
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  decline(id = this.#find((line) => line.state === "ringing" && line.direction === "inbound")) {
    return this.#order("decline", id);
  }

  /**
   * Ends a call.
   *
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  hangUp(id = this.#find((line) => line.state !== "ringing" || line.direction === "outbound")) {
    return this.#order("hangUp", id);
  }

  /**
   * Switches the microphone off or on.
   *
   * @param {boolean} isMuted
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  mute(isMuted, id = this.#find((line) => line.state === "open")) {
    return this.#order("mute", id, isMuted);
  }

  /**
   * Sends tones.
   *
   * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  sendDigits(digits, id = this.#find((line) => line.state === "open")) {
    return this.#order("sendDigits", id, digits);
  }

  /**
   * Calls a number.
   *
   * @param {string} number E.164; blanks and brackets do no harm
   * @returns {Promise<Line>}
   * @throws {Error} whose message says what is wrong with it
   */
  dial(number) {
    return this.#order("dial", number);
  }

  /**
   * Says whether this agent takes calls. During a call it holds afterwards.
   *
   * @param {"available" | "away" | "offline"} status
   * @returns {Promise<Agent>}
   */
  async setStatus(status) {
    const agent = await this.#api.ask("PUT", "agents/me/status", { status });
    this.#apply({ name: "agent", data: agent });
    this.#tabs?.send({ type: "event", event: { name: "agent", data: agent } });
    return agent;
  }

  /** Ends the time of wrap-up early. */
  async endWrapUp() {
    await this.#api.ask("POST", "agents/me/wrap-up/end");
  }

  /**
   * Puts the phone into this tab. The tab that holds it refuses during a call.
   *
   * @returns {Promise<boolean>} whether it is here now
   */
  async takeOver() {
    return (await this.#tabs?.takeOver()) ?? false;
  }

  /** Tries again at once, for example when the session was renewed after a `problem`. */
  retry() {
    if (this.#tabs) this.#wake();
    else void this.#start();
  }

  /**
   * Asks the server for JSON, with the agent's session.
   *
   * @param {string} path below the workspace, for example `calls?limit=20`
   * @returns {Promise<any>}
   */
  get(path) {
    return this.#api.ask("GET", path);
  }

  /**
   * Uses other devices; `""` is the system's choice.
   *
   * @param {Partial<import("./lib/audio.js").Choice>} choice
   */
  useDevices(choice) {
    this.devices.choose(choice);
    this.#phone?.useDevices();
    // A copy: what a framework wraps in a proxy cannot be sent.
    this.#tabs?.send({ type: "devices", choice: { ...choice } });
  }

  /** Ends everything: calls of this tab are hung up, and the phone is free for another tab. */
  close() {
    this.#isClosed = true;
    clearInterval(this.#beat);
    window.removeEventListener("online", this.#wake);
    this.#phone?.stop();
    this.#events?.close();
    this.#tabs?.close();
  }

  async #start() {
    try {
      const { userId } = readSession(await this.#api.session.token());
      if (this.#isClosed) return;
      this.me = userId;
      await this.#join(`${this.options.workspace}:${userId}`);
    } catch (error) {
      this.#registered({ state: "failed", problem: problemOf(error) });
    }
  }

  /** @param {string} name of the workspace and the agent */
  async #join(name) {
    const tabs = new Tabs(name);
    this.#tabs = tabs;
    tabs.mayLeave = () => this.lines.length === 0;
    tabs.onMessage = (message) => this.#receive(message);
    tabs.onLead = () => this.#lead(name);
    tabs.onFollow = () => this.#follow();
    let last = Date.now();
    this.#beat = window.setInterval(() => {
      const pause = Date.now() - last;
      last = Date.now();
      if (pause < 30_000) return void this.#phone?.check();
      // The machine slept, or the page is hidden and the browser rations its timers.
      this.#phone?.wake();
      this.#events?.revive();
    }, 5000);
    window.addEventListener("online", this.#wake);
    await tabs.start();
  }

  /** @param {string} name */
  #lead(name) {
    const ringEnds = new RingEnds(/** @type {string} */ (this.me));
    const phone = new Phone({
      base: this.options.baseUrl,
      tokens: new TokenKeeper(this.#api),
      devices: this.devices,
      keep: new Keep(name),
      ringEnds,
      record: (...asked) => this.#record(...asked),
      Device: this.options.Device,
      ring: this.options.ring,
    });
    this.#ringEnds = ringEnds;
    this.#phone = phone;
    /** @type {("ringing" | "answered" | "ended" | "blocked")[]} */
    const passed = ["ringing", "answered", "ended", "blocked"];
    for (const event of passed) {
      phone.on(event, (detail) => {
        this.emit(event, detail);
        this.#tabs?.send({ type: "emit", event, detail });
      });
    }
    phone.on("registration", (registration) => this.#registered(registration));
    phone.on("lines", (lines) => this.#lined(lines));
    const tabs = /** @type {Tabs} */ (this.#tabs);
    const events = new EventStream(this.#api, tabs.id);
    this.#events = events;
    events.on("event", (event) => {
      this.#apply(event);
      tabs.send({ type: "event", event });
    });
    events.on("state", (state) => {
      this.#streamed(state);
      const { problem } = this.registration;
      if (state === "open" && problem?.isFinal) this.#registered(phone.registration);
    });
    // The phone lives on with its access token; nothing else does.
    events.on("refused", (error) => this.#registered({ ...phone.registration, problem: problemOf(error) }));
    this.isLeading = true;
    this.emit("leading", true);
    phone.start();
    void events.open();
    this.#share();
  }

  #follow() {
    this.isLeading = false;
    this.#phone?.stop();
    this.#events?.close();
    this.#phone = null;
    this.#events = null;
    this.emit("leading", false);
    this.#tabs?.send({ type: "hello" });
  }

  /** @param {import("./lib/tabs.js").Message} message */
  #receive(message) {
    if (message.type === "hello" && this.isLeading) this.#share(message.from);
    else if (message.type === "order" && this.#phone) void this.#obey(message);
    else if (message.type === "done") {
      const order = this.#orders.get(message.id);
      this.#orders.delete(message.id);
      if (message.error) order?.failed(new Error(message.error));
      else order?.done(message.value);
    } else if (message.type === "event") this.#apply(message.event);
    else if (message.type === "devices") {
      this.devices.choose(message.choice);
      this.#phone?.useDevices();
    } else if (!this.isLeading) this.#mirror(message);
  }

  /** What the leading tab shows, this one shows too. @param {import("./lib/tabs.js").Message} message */
  #mirror(message) {
    if (message.type === "emit") this.emit(message.event, message.detail);
    else if (message.type === "registration") this.#registered(message.registration);
    else if (message.type === "lines") this.#lined(message.lines);
    else if (message.type === "stream") this.#streamed(message.state);
    else if (message.type === "state") {
      if (message.snapshot) this.#apply({ name: "snapshot", data: message.snapshot });
      this.#registered(message.registration);
      this.#lined(message.lines);
      this.#streamed(message.stream);
    }
  }

  /** @param {string} [to] one tab; all if absent */
  #share(to) {
    const { agents, calls } = this.#team;
    const now = new Date(this.now).toISOString();
    const snapshot = this.#team.isKnown && { now, agents: [...agents.values()], calls: [...calls.values()] };
    const { registration, lines, stream } = this;
    this.#tabs?.send({ type: "state", ...(to ? { to } : {}), snapshot, registration, lines, stream });
  }

  /** @param {{ name: string, data: any }} event */
  #apply({ name, data }) {
    if (name === "ring_ended" && data?.leg_sid) return this.#ringEnds?.tell(data);
    const before = this.status;
    const { agents, calls } = this.#team.apply(name, data, Date.now());
    if (name === "snapshot" && data) for (const call of data.calls) this.#records.tell(call);
    if (name === "call" && data?.call_sid) {
      this.#records.tell(data);
      this.emit("call", data);
    }
    if (agents) this.emit("agents", this.agents);
    if (calls) {
      this.#phone?.compare(this.#team.calls);
      this.emit("calls", this.calls);
    }
    const { status } = this;
    if (agents && status && status !== before) this.emit("status", status);
  }

  /** @param {Registration} registration */
  #registered(registration) {
    this.registration = registration;
    this.emit("registration", registration);
    if (this.isLeading) this.#tabs?.send({ type: "registration", registration });
  }

  /** @param {Line[]} lines */
  #lined(lines) {
    this.lines = lines;
    this.emit("lines", lines);
    if (this.isLeading) this.#tabs?.send({ type: "lines", lines });
  }

  /** @param {Events["stream"]} state */
  #streamed(state) {
    this.stream = state;
    this.emit("stream", state);
    if (this.isLeading) this.#tabs?.send({ type: "stream", state });
  }

  /**
   * The record of an outbound call, as soon as it fits; nothing if that takes too long.
   *
   * @param {string} callSid
   * @param {(call: Call) => boolean} fits
   * @param {number} patience milliseconds, before the server is asked
   * @returns {Promise<Call | null>}
   */
  async #record(callSid, fits, patience) {
    const told = await this.#records.first(callSid, fits, sleep(patience));
    if (told) return told;
    const asked = await this.get(`calls/${callSid}`).catch(() => null);
    return asked && fits(asked) ? asked : null;
  }

  /**
   * Does something with the phone, here or in the tab that holds it.
   *
   * @param {"answer" | "decline" | "hangUp" | "mute" | "sendDigits" | "dial"} name
   * @param {...any} values
   * @returns {Promise<any>}
   */
  async #order(name, ...values) {
    const phone = /** @type {any} */ (this.#phone);
    if (phone) return phone[name](...values);
    if (!this.#tabs) throw new Error("The phone is not connected yet.");
    const id = crypto.randomUUID();
    const answer = new Promise((done, failed) => this.#orders.set(id, { done, failed }));
    this.#tabs.send({ type: "order", id, name, values });
    const late = sleep(5000).then(() => {
      throw new Error("The tab that holds the phone does not answer.");
    });
    return Promise.race([answer, late]);
  }

  /** @param {import("./lib/tabs.js").Message} message */
  async #obey({ id, from, name, values }) {
    try {
      const value = await this.#order(name, ...values);
      this.#tabs?.send({ type: "done", to: from, id, value });
    } catch (error) {
      this.#tabs?.send({ type: "done", to: from, id, error: String(/** @type {any} */ (error).message) });
    }
  }

  /** @param {(line: Line) => boolean} matches */
  #find(matches) {
    return this.lines.find(matches)?.id ?? "";
  }

  #wake = () => {
    this.#phone?.wake();
    this.#events?.refresh();
  };
}
