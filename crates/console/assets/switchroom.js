/**
 * Switchroom in any page: an agent's phone, and the team's status.
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
import { Devices } from "./lib/audio.js";
import { Emitter } from "./lib/emitter.js";
import { Leader } from "./lib/leader.js";
import { isIncoming } from "./lib/line.js";
import { Orders } from "./lib/orders.js";
import { problemOf } from "./lib/problem.js";
import { STARTING, readinessOf } from "./lib/readiness.js";
import { Records } from "./lib/records.js";
import { Session, readSession } from "./lib/session.js";
import { Tabs } from "./lib/tabs.js";
import { Team } from "./lib/team.js";

export { formatNumber, otherNumber } from "./lib/number.js";
export { whySentence } from "./lib/line.js";
export { isLive } from "./lib/team.js";

/** @typedef {import("./lib/line.js").Line} Line */
/** @typedef {import("./lib/reasons.js").Ending} Ending */
/** @typedef {import("./lib/reasons.js").Reason} Reason */
/** @typedef {import("./lib/device.js").Registration} Registration */
/** @typedef {import("./lib/problem.js").Problem} Problem */
/** @typedef {import("./lib/readiness.js").Readiness} Readiness */
/** @typedef {import("./lib/team.js").Agent} Agent */
/** @typedef {import("./lib/team.js").Call} Call */
/** @typedef {import("./lib/words.js").ReadNumber} ReadNumber */

/**
 * @typedef {object} Options
 * @property {string} baseUrl the server, for example `https://voice.example.com`
 * @property {string} workspace the workspace's id
 * @property {import("./lib/session.js").SessionSource} session the session token, or a function that
 *   returns a fresh one; it is called again before the token expires
 * @property {any} [Device] the SDK's `Device`, if the page bundles it; otherwise it is loaded from
 *   the server
 * @property {boolean} [ring] whether to play the ring tone; default `true`
 */

/**
 * @typedef {object} Events
 * @property {Line} ringing a call comes in
 * @property {Line} answered both ends are connected; for an outbound call, the callee has answered
 * @property {{ line: Line, ending: Ending, text: string }} ended a call is over, or stopped ringing;
 *   `text` is the reason in words
 * @property {Line[]} lines anything about this agent's calls has changed
 * @property {Registration} registration whether calls reach this browser
 * @property {Readiness} readiness whether a call that comes now rings here, and if not, why
 * @property {Agent} status this agent's status, as routing sees it
 * @property {Agent[]} agents the team
 * @property {Call[]} calls the live calls of the workspace
 * @property {Call} call one call of the workspace has changed, or is over
 * @property {boolean} leading whether this tab has the phone
 * @property {"connecting" | "open" | "refused" | "closed"} stream whether the team's view is live
 * @property {boolean} blocked whether the browser keeps the ring tone silent until a click
 */

/**
 * Connects this page: registers the phone, and follows the team. It recovers by itself wherever it
 * can; otherwise `registration` has a `problem`.
 *
 * @param {Options} options
 * @returns {Switchroom}
 */
export function connect(options) {
  return new Switchroom(options);
}

/**
 * A connected page. If an agent has several tabs open, one of them has the phone, and the others work
 * through it.
 *
 * @extends {Emitter<Events>}
 */
export class Switchroom extends Emitter {
  /** The user id of the agent; `null` until the session is known. @type {string | null} */
  me = null;
  /** @type {Registration} */
  registration = { state: "starting", problem: null };
  /** Whether a call that comes now rings here, and if not, why. @type {Readiness} */
  readiness = STARTING;
  /** This agent's calls. @type {Line[]} */
  lines = [];
  /** Whether this tab has the phone. */
  isLeading = false;
  /** @type {Events["stream"]} */
  stream = "connecting";
  /** The microphones and loudspeakers. */
  devices = new Devices();

  #team = new Team();
  #api;
  /** @type {Tabs | null} */
  #tabs = null;
  /** Only in the tab that has the phone. @type {Leader | null} */
  #leader = null;
  #orders = new Orders((message) => this.#tabs?.send(message));
  #records = new Records((callSid) => this.get(`calls/${callSid}`));
  #beat = 0;
  #isClosed = false;

  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.#api = new Api({ ...this.options, session: new Session(options.session) });
    // The caller adds its listeners before the first event.
    queueMicrotask(() => void this.#start());
  }

  /** The team, sorted by name. @returns {Agent[]} */
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

  /** This agent's status, as routing sees it. @returns {Agent | null} */
  get status() {
    return this.agent(this.me);
  }

  /** The server's clock, in milliseconds. */
  get now() {
    return Date.now() + this.#team.ahead;
  }

  /**
   * Answers a ringing call; without an id, the first one that rings. An agent has one call at a time:
   * during a call it is refused, unless `endOthers` says that the other call may be ended.
   *
   * @param {string} [id] of the line
   * @param {{ endOthers?: boolean }} [options]
   * @returns {Promise<void>}
   * @throws {Error} if another call is in progress
   */
  async answer(id = this.#find(isIncoming), options = {}) {
    await this.#order("answer", id, options);
  }

  /**
   * Declines a ringing call.
   *
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  decline(id = this.#find(isIncoming)) {
    return this.#order("decline", id);
  }

  /**
   * Ends a call.
   *
   * @param {string} [id] of the line
   * @returns {Promise<void>}
   */
  hangUp(id = this.#find((line) => !isIncoming(line))) {
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
   * Reads a number as people write it, in the workspace's country: what would be dialled, how it is
   * shown, and whether it may be called.
   *
   * @param {string} text
   * @returns {Promise<ReadNumber>}
   */
  readNumber(text) {
    return this.#api.ask("GET", `numbers?text=${encodeURIComponent(text)}`);
  }

  /**
   * Calls a number.
   *
   * @param {string | ReadNumber} number as people write it, or as `readNumber` has read it
   * @returns {Promise<Line>}
   * @throws {Error} if the number cannot be called; the message says why
   */
  async dial(number) {
    const read = typeof number === "string" ? await this.readNumber(number) : number;
    if (!read.allowed || !read.e164) throw new Error(read.sentence ?? "This number cannot be called.");
    return this.#order("dial", read.e164, read.text);
  }

  /**
   * Sets whether this agent takes calls. During a call, it takes effect after the call.
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

  /** Ends wrap-up early. */
  async endWrapUp() {
    await this.#api.ask("POST", "agents/me/wrap-up/end");
  }

  /**
   * Moves the phone to this tab. The tab that has it refuses during a call.
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
   * Requests JSON from the server, with the agent's session.
   *
   * @param {string} path below the workspace, for example `calls?limit=20`
   * @returns {Promise<any>}
   */
  get(path) {
    return this.#api.ask("GET", path);
  }

  /**
   * Selects microphone and loudspeakers; `""` is the system's default.
   *
   * @param {Partial<import("./lib/audio.js").Choice>} choice
   */
  useDevices(choice) {
    this.devices.choose(choice);
    this.#leader?.phone.useDevices();
    // A copy, because a framework may have wrapped it in a proxy, which cannot be sent.
    this.#tabs?.send({ type: "devices", choice: { ...choice } });
  }

  /** Ends everything: calls of this tab are hung up, and the phone is free for another tab. */
  close() {
    this.#isClosed = true;
    clearInterval(this.#beat);
    window.removeEventListener("online", this.#wake);
    this.#leader?.stop();
    this.#tabs?.close();
  }

  async #start() {
    try {
      const { userId } = readSession(await this.#api.session.token());
      if (this.#isClosed) return;
      this.me = userId;
      await this.#join(`${this.options.workspace}:${userId}`);
    } catch (error) {
      const registration = /** @type {Registration} */ ({ state: "failed", problem: problemOf(error) });
      this.#registered(registration);
      this.#readied(readinessOf({ registration, isServerLost: false, microphone: "unasked" }));
    }
  }

  /** @param {string} name of the workspace and the agent */
  async #join(name) {
    const tabs = new Tabs(name);
    this.#tabs = tabs;
    tabs.mayLeave = () => this.lines.length === 0;
    tabs.onMessage = (message) => this.#receive(message);
    tabs.onLead = () => this.#lead(name, tabs);
    tabs.onFollow = () => this.#follow();
    this.#beat = window.setInterval(() => this.#leader?.check(), 5000);
    window.addEventListener("online", this.#wake);
    await tabs.start();
  }

  /**
   * @param {string} name of the workspace and the agent
   * @param {Tabs} tabs
   */
  #lead(name, tabs) {
    const { Device, ring } = this.options;
    const me = /** @type {string} */ (this.me);
    const parts = { api: this.#api, name, me, page: tabs.id, audio: this.devices, records: this.#records };
    const leader = new Leader({ ...parts, Device, ring });
    this.#leader = leader;
    /** @type {("ringing" | "answered" | "ended" | "blocked")[]} */
    const passed = ["ringing", "answered", "ended", "blocked"];
    for (const event of passed) {
      leader.on(event, (detail) => {
        this.emit(event, detail);
        tabs.send({ type: "emit", event, detail });
      });
    }
    leader.on("registration", (registration) => this.#registered(registration));
    leader.on("readiness", (readiness) => this.#readied(readiness));
    leader.on("lines", (lines) => this.#lined(lines));
    leader.on("stream", (state) => this.#streamed(state));
    leader.on("event", (event) => {
      this.#apply(event);
      tabs.send({ type: "event", event });
    });
    this.isLeading = true;
    this.emit("leading", true);
    // The tab that led before was registered; this one is not yet.
    this.#registered(leader.phone.registration);
    this.#readied(leader.readiness);
    leader.start();
    this.#share();
  }

  #follow() {
    this.isLeading = false;
    this.#leader?.stop();
    this.#leader = null;
    this.emit("leading", false);
    this.#tabs?.send({ type: "hello" });
  }

  /** @param {import("./lib/tabs.js").Message} message */
  #receive(message) {
    if (message.type === "hello" && this.isLeading) this.#share(message.from);
    else if (message.type === "order" && this.#leader) {
      void this.#orders.obey(message, (name, values) => this.#order(name, ...values));
    } else if (message.type === "done") this.#orders.settle(message);
    else if (message.type === "event") this.#apply(message.event);
    else if (message.type === "devices") {
      this.devices.choose(message.choice);
      this.#leader?.phone.useDevices();
    } else if (!this.isLeading) this.#mirror(message);
  }

  /** Shows what the leading tab shows. @param {import("./lib/tabs.js").Message} message */
  #mirror(message) {
    if (message.type === "emit") this.emit(message.event, message.detail);
    else if (message.type === "registration") this.#registered(message.registration);
    else if (message.type === "readiness") this.#readied(message.readiness);
    else if (message.type === "lines") this.#lined(message.lines);
    else if (message.type === "stream") this.#streamed(message.state);
    else if (message.type === "state") {
      if (message.snapshot) this.#apply({ name: "snapshot", data: message.snapshot });
      this.#registered(message.registration);
      this.#readied(message.readiness);
      this.#lined(message.lines);
      this.#streamed(message.stream);
    }
  }

  /** @param {string} [to] one tab; all if absent */
  #share(to) {
    const { agents, calls } = this.#team;
    const now = new Date(this.now).toISOString();
    const snapshot = this.#team.isKnown && { now, agents: [...agents.values()], calls: [...calls.values()] };
    const { registration, readiness, lines, stream } = this;
    this.#tabs?.send({ type: "state", ...(to ? { to } : {}), snapshot, registration, readiness, lines, stream });
  }

  /** @param {{ name: string, data: any }} event */
  #apply({ name, data }) {
    const before = this.status;
    const { agents, calls } = this.#team.apply(name, data, Date.now());
    if (name === "snapshot" && data) for (const call of data.calls) this.#records.add(call);
    if (name === "call" && data?.call_sid) {
      this.#records.add(data);
      this.emit("call", data);
    }
    if (agents) this.emit("agents", this.agents);
    if (calls) {
      this.#leader?.phone.compare(this.#team.calls);
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

  /** @param {Readiness} readiness */
  #readied(readiness) {
    this.readiness = readiness;
    this.emit("readiness", readiness);
    if (this.isLeading) this.#tabs?.send({ type: "readiness", readiness });
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
   * Gives an order to the phone, here or in the tab that has it.
   *
   * @param {import("./lib/orders.js").Order} name
   * @param {...any} values
   * @returns {Promise<any>}
   */
  async #order(name, ...values) {
    const phone = /** @type {any} */ (this.#leader?.phone);
    if (phone) return phone[name](...values);
    if (!this.#tabs) throw new Error("The phone is not connected yet.");
    return this.#orders.give(name, values);
  }

  /** @param {(line: Line) => boolean} matches */
  #find(matches) {
    return this.lines.find(matches)?.id ?? "";
  }

  #wake = () => {
    this.#leader?.wake();
  };
}
