import { ApiError } from "./api.js";
import { delay, sleep } from "./backoff.js";
import { readSession } from "./session.js";

/**
 * An access token for Twilio.
 *
 * @typedef {object} AccessToken
 * @property {string} token
 * @property {string} identity
 * @property {number} expiresAt milliseconds since 1970, by this machine's clock
 * @property {number} refreshAt the same
 * @property {string | null} edge Twilio's edge of the workspace; null for the SDK's own choice
 */

/**
 * The token in a response. Its times are converted to this machine's clock, which may be wrong:
 * only the differences between them are used.
 *
 * @param {{ token: string, identity: string, ttl: number, expires_at: string, refresh_at: string, edge?: string }} answer
 * @param {number} now
 * @returns {AccessToken}
 */
export function fromAnswer(answer, now) {
  const early = Date.parse(answer.expires_at) - Date.parse(answer.refresh_at);
  const expiresAt = now + answer.ttl * 1000;
  return {
    token: answer.token,
    identity: answer.identity,
    expiresAt,
    refreshAt: expiresAt - (early > 0 ? early : 300_000),
    edge: answer.edge ?? null,
  };
}

/**
 * Whether a token must be renewed now.
 *
 * @param {AccessToken | null} token
 * @param {number} now
 */
export const isDue = (token, now) => token === null || now >= token.refreshAt;

/** Keeps one access token fresh. */
export class TokenKeeper {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {AccessToken | null} */
  #token = null;
  /** @type {Promise<AccessToken> | null} */
  #fetching = null;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * The token; a new one if it is due, or if `fresh` asks for one.
   *
   * @param {{ fresh?: boolean }} [options]
   * @returns {Promise<AccessToken>}
   */
  async get({ fresh = false } = {}) {
    if (!fresh && this.#token && !isDue(this.#token, Date.now())) return this.#token;
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = null));
    return this.#fetching;
  }

  /** Whether the token must be renewed. */
  get isDue() {
    return isDue(this.#token, Date.now());
  }

  /** Tries until it succeeds, or until trying again cannot help. */
  async #fetch() {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { identity } = readSession(await this.#api.session.token());
        const answer = await this.#api.ask("GET", `token?identity=${identity}`);
        this.#token = fromAnswer(answer, Date.now());
        return this.#token;
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isPassing) throw error;
        if (attempt >= ATTEMPTS) throw error;
        await sleep(Math.max(delay(attempt), (error.retryAfter ?? 0) * 1000));
      }
    }
  }
}

/** These take about a minute. Then the caller reports the error, and asks again. */
const ATTEMPTS = 7;
