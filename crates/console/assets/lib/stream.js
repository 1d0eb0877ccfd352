import { ApiError } from "./api.js";
import { delay } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { EventParser } from "./sse.js";

/** A connection without a byte for this long is dead: the server sends one every 15 s. */
const SILENCE = 40_000;

/** If the connection is alive and the machine was awake, the newest byte is at most this old. */
const BEAT = 20_000;

/**
 * @typedef {object} StreamEvents
 * @property {{ name: string, data: any }} event
 * @property {"connecting" | "open" | "refused" | "closed"} state
 * @property {null} heard the server has sent something, which it does every 15 s
 * @property {ApiError} refused the server refuses the stream, and trying again cannot help
 */

/**
 * The server's events, read with `fetch` because an `EventSource` cannot send a session. A broken
 * stream is reopened after the last event that arrived.
 *
 * @extends {Emitter<StreamEvents>}
 */
export class EventStream extends Emitter {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {string} */
  #page;
  /** @type {string | null} */
  #lastId = null;
  /** @type {AbortController | null} */
  #running = null;
  /** Ends the pause before the next attempt. */
  #wake = () => {};
  #closed = true;
  /** When the server last sent something, in milliseconds. */
  #heardAt = 0;
  /** @type {StreamEvents["state"]} */
  state = "closed";

  /**
   * @param {import("./api.js").Api} api
   * @param {string} page the random id of this page; the agent is present while its stream is open
   */
  constructor(api, page) {
    super();
    this.#api = api;
    this.#page = page;
  }

  /** Opens the stream, and reopens it until it is closed. */
  async open() {
    if (!this.#closed) return;
    this.#closed = false;
    for (let attempt = 0; !this.#closed; ) {
      this.#set("connecting");
      const began = Date.now();
      try {
        await this.#read();
      } catch (error) {
        if (this.#closed) break;
        if (error instanceof ApiError && !error.isPassing) {
          this.#set("refused");
          this.emit("refused", error);
        }
      }
      if (this.#closed) break;
      attempt = Date.now() - began > 10_000 ? 0 : attempt + 1;
      if (this.state !== "refused") this.#set("connecting");
      await this.#pause(this.state === "refused" ? 30_000 : delay(attempt, { first: 250, most: 8000 }));
    }
  }

  /** Closes the stream. */
  close() {
    this.#closed = true;
    this.#running?.abort();
    this.#wake();
    this.#set("closed");
  }

  /** Reopens the stream at once. */
  refresh() {
    this.#running?.abort();
    this.#wake();
  }

  /**
   * Reopens the stream if it was silent recently: after a sleep, a connection may be dead without
   * having ended. A hidden page whose timers were merely paused did receive the server's bytes.
   */
  revive() {
    if (Date.now() - this.#heardAt > BEAT) this.refresh();
  }

  async #read() {
    const running = new AbortController();
    this.#running = running;
    let timer = setTimeout(() => running.abort(), SILENCE);
    const heard = () => {
      this.#heardAt = Date.now();
      clearTimeout(timer);
      timer = setTimeout(() => running.abort(), SILENCE);
      this.emit("heard", null);
    };
    /** @type {Record<string, string>} */
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId !== null) headers["Last-Event-ID"] = this.#lastId;
    try {
      const path = `events?page=${encodeURIComponent(this.#page)}&reports=true`;
      const response = await this.#api.open("GET", path, { headers, signal: running.signal });
      const reader = response.body?.getReader();
      if (!reader) return;
      heard();
      this.#set("open");
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        for (const { name, data, id } of parser.push(decoder.decode(value, { stream: true }))) {
          if (id !== null) this.#lastId = id;
          this.emit("event", { name, data: parse(data) });
        }
      }
    } finally {
      clearTimeout(timer);
      running.abort();
    }
  }

  /** @param {number} milliseconds */
  #pause(milliseconds) {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        done(undefined);
      };
    });
  }

  /** @param {StreamEvents["state"]} state */
  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("state", state);
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
