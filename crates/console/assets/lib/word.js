import { ApiError } from "./api.js";

/**
 * Tells the server again and again whether this page can take calls. A page that the browser has frozen
 * says nothing, and is not rung.
 */
export class Word {
  #api;
  #page;
  /** @type {"microphone" | "phone" | null} */
  #lacks = "phone";
  /** When the server last heard what counts now, in milliseconds. */
  #saidAt = -Infinity;
  #isSpeaking = false;

  /**
   * @param {Pick<import("./api.js").Api, "ask">} api
   * @param {string} page the name of the page's stream
   */
  constructor(api, page) {
    this.#api = api;
    this.#page = page;
  }

  /** Says it at once, if it is something new. @param {"microphone" | "phone" | null} lacks `null`: it can */
  set(lacks) {
    if (lacks === this.#lacks) return;
    this.#lacks = lacks;
    this.#saidAt = -Infinity;
    void this.#say();
  }

  /** Says it again if that is due; called at least every 15 seconds while the page is alive. */
  repeat() {
    if (Date.now() - this.#saidAt >= PAUSE) void this.#say();
  }

  /** The server does not know it. */
  insist() {
    if (Date.now() - this.#saidAt >= SOON) void this.#say();
  }

  async #say() {
    if (this.#isSpeaking) return;
    this.#isSpeaking = true;
    const lacks = this.#lacks;
    this.#saidAt = Date.now();
    try {
      await this.#api.ask("PUT", "agents/me/page", { page: this.#page, lacks });
    } catch (error) {
      // It is repeated soon, unless the server refuses it.
      if (!(error instanceof ApiError) || error.isPassing) this.#saidAt = -Infinity;
    }
    this.#isSpeaking = false;
    if (lacks !== this.#lacks) await this.#say();
  }
}

/** Milliseconds. The server hears it at least every 20 s, also if it is repeated only with its own comments. */
const PAUSE = 8000;

/** The least time between two attempts to correct the server. */
const SOON = 3000;
