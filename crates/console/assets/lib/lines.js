import { sleep } from "./backoff.js";
import { Digits } from "./digits.js";
import { Emitter } from "./emitter.js";
import { because } from "./endings.js";
import { incoming, isIncoming, isInProgress, outgoing } from "./line.js";
import { warningWords } from "./problem.js";
import { sentence } from "./reasons.js";

/** @typedef {import("./line.js").Line} Line */
/** @typedef {import("./reasons.js").Ending} Ending */
/** @typedef {import("./sdk.js").SdkCall} SdkCall */

/**
 * @typedef {object} LineEvents
 * @property {Line[]} lines all of them, whenever one changes
 * @property {Line} ringing
 * @property {Line} answered
 * @property {{ line: Line, ending: Ending, text: string }} ended
 */

/**
 * The calls on this page: the state of each, and what the agent may do with it.
 * A line is plain data; the SDK's call that belongs to it stays in here. A line that an earlier page
 * left behind has no call until it is resumed.
 *
 * @extends {Emitter<LineEvents>}
 */
export class Lines extends Emitter {
  #parts;
  /** @type {Map<string, Line>} */
  #lines = new Map();
  /** The SDK's calls, by the id of the line. @type {Map<string, SdkCall>} */
  #calls = new Map();
  /** Why a line will end, if that is known in advance; by the id of the line. @type {Map<string, Ending>} */
  #expected = new Map();
  #digits = new Digits((id, digits) => this.#calls.get(id)?.sendDigits(digits));

  /**
   * @param {object} parts
   * @param {Pick<import("./device.js").VoiceDevice, "isReady" | "constraints" | "connect">} parts.device
   * @param {import("./reload.js").Reload} parts.reload
   * @param {import("./endings.js").Endings} parts.endings
   */
  constructor(parts) {
    super();
    this.#parts = parts;
  }

  /** Every line, the oldest first. */
  get all() {
    return [...this.#lines.values()];
  }

  /** Whether the SDK holds a call. */
  get hasCalls() {
    return this.#calls.size > 0;
  }

  /** Brings back the lines of an earlier page. @param {Line[]} lines */
  restore(lines) {
    for (const line of lines) this.#lines.set(line.id, line);
    this.#changed();
  }

  /** Drops every line without saying that it ended. */
  clear() {
    for (const id of [...this.#lines.keys()]) this.#forget(id);
    this.#changed();
  }

  /** Resumes the lines that were connected when the page was left. */
  resume() {
    for (const line of this.all) if (line.state === "reconnecting") void this.#resume(line);
  }

  /** A call rings. @param {SdkCall} call */
  incoming(call) {
    const line = incoming(call.parameters, call.customParameters, Date.now());
    for (const [id, other] of this.#lines) {
      // The same call rings again, after a reload or a lost connection.
      const isSame = other.callSid !== null && other.callSid === line.callSid && !this.#calls.has(id);
      if (isSame) this.#forget(id);
    }
    this.#lines.set(line.id, line);
    this.#follow(line, call);
    this.#changed();
    this.emit("ringing", line);
  }

  /**
   * Answers a call that rings. An agent has one call at a time, and the SDK would end the other one.
   *
   * @param {string} id
   * @param {{ endOthers?: boolean }} [options]
   * @throws {Error} if another call is in progress, unless `endOthers` says to end it
   */
  answer(id, { endOthers = false } = {}) {
    const line = this.#lines.get(id);
    if (!line || !isIncoming(line)) return;
    const others = this.all.filter((other) => other.id !== id && !isIncoming(other));
    if (!endOthers && others.some(isInProgress)) throw new Error("You are on a call. End it before you answer.");
    for (const other of others) this.hangUp(other.id);
    const call = this.#calls.get(id);
    if (!call) return void this.#resume(line);
    this.#change(line, { state: "connecting" });
    call.accept({ rtcConstraints: this.#parts.device.constraints });
  }

  /** @param {string} id */
  decline(id) {
    const line = this.#lines.get(id);
    if (!line) return;
    const call = this.#calls.get(id);
    if (call) call.reject();
    else this.#end(line, { reason: "declined", by: null });
  }

  /** @param {string} id */
  hangUp(id) {
    const line = this.#lines.get(id);
    if (!line) return;
    if (isIncoming(line)) return this.decline(id);
    if (line.state !== "over") this.#expected.set(id, { reason: "hung_up", by: null });
    const call = this.#calls.get(id);
    if (call) call.disconnect();
    else this.#end(line, { reason: "hung_up", by: null });
  }

  /**
   * @param {string} id
   * @param {boolean} isMuted
   */
  mute(id, isMuted) {
    const line = this.#lines.get(id);
    if (!line) return;
    this.#calls.get(id)?.mute(isMuted);
    this.#change(line, { isMuted });
  }

  /**
   * @param {string} id
   * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
   */
  sendDigits(id, digits) {
    this.#digits.send(id, digits);
  }

  /**
   * Calls a number. An agent has one call at a time.
   *
   * @param {string} number E.164
   * @param {string | null} [text] the number as people read it
   * @returns {Line}
   */
  dial(number, text = null) {
    if (this.#lines.size > 0) throw new Error("Another call is in progress.");
    if (!this.#parts.device.isReady) throw new Error("The phone is not connected yet.");
    const line = outgoing(number, text, crypto.randomUUID(), Date.now());
    this.#lines.set(line.id, line);
    this.#changed();
    void this.#place(line);
    return line;
  }

  /** The server knows who is at the other end of a call that was placed here. @param {import("./team.js").Call} call */
  know({ call_sid, contact_name = null, contact_id }) {
    const line = this.all.find(({ callSid, name }) => callSid === call_sid && name === null);
    if (line && contact_name) this.#change(line, { name: contact_name, contactId: contact_id });
  }

  /** @param {Line} line */
  async #place(line) {
    try {
      const call = await this.#parts.device.connect({ params: { To: line.number } });
      if (!this.#lines.has(line.id)) return call.disconnect();
      this.#follow(line, call);
    } catch (error) {
      this.#end(line, because("failed", error));
    }
  }

  /**
   * Ends the rings that an earlier page left behind and that are over at Twilio: the SDK does not
   * report them.
   *
   * @param {Map<string, import("./team.js").Call>} live the calls of the workspace
   */
  compare(live) {
    for (const line of this.all) {
      if (!isIncoming(line) || this.#calls.has(line.id)) continue;
      const legs = live.get(line.callSid ?? "")?.legs ?? [];
      const leg = legs.find(({ leg_sid }) => leg_sid === line.legSid);
      if (!leg || leg.ended_at || leg.answered_at) this.#end(line, this.#parts.endings.ofRing(line));
    }
  }

  /**
   * Takes over the call of a line that an earlier page left behind.
   *
   * @param {Line} line
   */
  async #resume(line) {
    const { device, reload } = this.#parts;
    const connectToken = reload.tokenOf(line.id);
    if (!connectToken || !device.isReady) return this.#end(line, { reason: "lost", by: null });
    this.#change(line, { state: line.answeredAt === null ? "connecting" : "reconnecting" });
    try {
      const call = await device.connect({ connectToken });
      if (!this.#lines.has(line.id)) return call.disconnect();
      this.#follow(line, call);
      await sleep(RESUME);
      const now = this.#lines.get(line.id);
      if (now && now.state !== "open" && this.#calls.get(line.id) === call) call.disconnect();
    } catch {
      this.#end(line, { reason: "lost", by: null });
    }
  }

  /**
   * Follows what happens to a call.
   *
   * @param {Line} line
   * @param {SdkCall} call
   */
  #follow({ id }, call) {
    const { reload } = this.#parts;
    /** @type {any} */
    let failure = null;
    /** Calls `then` with the line as it is now, if it still belongs to this call. @param {(line: Line, ...details: any[]) => void} then */
    const now = (then) => (/** @type {any[]} */ ...details) => {
      const line = this.#lines.get(id);
      if (line && this.#calls.get(id) === call) then(line, ...details);
    };
    this.#calls.set(id, call);
    reload.remember(id, call.connectToken);
    call.on("ringing", now((line) => this.#change(line, { state: "ringing", ...sids(line, call) })));
    call.on("accept", now((line) => this.#accepted(line, call)));
    call.on("reconnecting", now((line) => {
      if (line.answeredAt !== null) this.#change(line, { state: "reconnecting" });
    }));
    call.on("reconnected", now((line) => {
      reload.remember(id, call.connectToken);
      if (line.answeredAt !== null) this.#change(line, { state: "open" });
    }));
    call.on("transportClose", now((line) => {
      // The SDK forgets a ringing call whose connection is lost; its token can still resume it.
      if (isIncoming(line)) this.#calls.delete(id);
    }));
    call.on("mute", now((line, isMuted) => this.#change(line, { isMuted })));
    call.on("warning", now((line, name) => this.#change(line, { trouble: warningWords(name) ?? line.trouble })));
    call.on("warning-cleared", now((line) => this.#change(line, { trouble: null })));
    call.on("error", (error) => (failure = error));
    call.on("cancel", now((line) => this.#end(line, this.#parts.endings.ofRing(line))));
    call.on("reject", now((line) => this.#end(line, { reason: "declined", by: null })));
    // The SDK reports the end of a call before it reports the failure.
    call.on("disconnect", () => setTimeout(now((line) => {
      this.#end(line, this.#expected.get(id) ?? this.#parts.endings.ofCall(line, failure));
    })));
  }

  /**
   * The SDK has connected the call.
   *
   * @param {Line} before
   * @param {SdkCall} call
   */
  async #accepted(before, call) {
    const at = Date.now();
    this.#parts.reload.remember(before.id, call.connectToken);
    if (before.isMuted) call.mute(true);
    const line = { ...before, ...sids(before, call) };
    if (line.direction === "inbound" || line.answeredAt !== null) return this.#opened(line, at);
    this.#change(line, line);
    const ending = await this.#parts.endings.unlessAnswered(line);
    const now = this.#lines.get(line.id);
    if (!now || this.#calls.get(line.id) !== call) return;
    if (!ending) return this.#opened(now, at);
    this.#expected.set(line.id, ending);
    this.#change(now, { state: "over", trouble: sentence(ending) });
  }

  /**
   * Both ends hear each other.
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
   * The line is gone at once; its reason follows as soon as it is known.
   *
   * @param {Line} line
   * @param {Ending | Promise<Ending>} reason
   */
  async #end(line, reason) {
    this.#forget(line.id);
    this.#changed();
    const ending = await reason;
    this.emit("ended", { line, ending, text: sentence(ending) });
  }

  /** @param {string} id */
  #forget(id) {
    this.#lines.delete(id);
    this.#calls.delete(id);
    this.#expected.delete(id);
    this.#parts.reload.forget(id);
  }

  /**
   * @param {Line} line
   * @param {Partial<Line>} change
   */
  #change(line, change) {
    if (!this.#lines.has(line.id)) return;
    this.#lines.set(line.id, { ...line, ...change });
    this.#changed();
  }

  #changed() {
    this.emit("lines", this.all);
  }
}

/**
 * The ids of an outbound call, which Twilio sends when it rings.
 *
 * @param {Line} line
 * @param {SdkCall} call
 */
function sids(line, call) {
  const { CallSid } = call.parameters;
  if (line.direction === "inbound" || !CallSid?.startsWith("CA")) return {};
  return { legSid: CallSid, callSid: CallSid };
}

/** How long it may take to resume a call. */
const RESUME = 15_000;
