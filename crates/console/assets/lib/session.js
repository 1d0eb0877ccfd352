/**
 * Who is signed in, according to the token. Only the server checks its signature.
 *
 * @typedef {object} Claims
 * @property {string} userId a UUID with hyphens, in lower case
 * @property {string} identity the name at Twilio: `agent_` and 32 digits
 * @property {number | null} expiresAt milliseconds since 1970
 */

/**
 * Reads a session token.
 *
 * @param {string} token
 * @returns {Claims}
 * @throws {SessionError} if it is not the JWT of a user
 */
export function readSession(token) {
  const parts = token.trim().split(".");
  if (parts.length !== 3) throw new SessionError("A session token has three parts, separated by dots.");
  let claims;
  try {
    const text = atob(parts[1].replaceAll("-", "+").replaceAll("_", "/"));
    claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  } catch {
    throw new SessionError("The session token cannot be read.");
  }
  const digits = String(claims?.sub ?? "").replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) {
    throw new SessionError("The session token names no user: its `sub` is not a UUID.");
  }
  const userId = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const expiresAt = typeof claims.exp === "number" ? claims.exp * 1000 : null;
  return { userId, identity: `agent_${digits}`, expiresAt };
}

/** The session token cannot be used. */
export class SessionError extends Error {
  name = "SessionError";
}

/**
 * A session token, or a function of the host page that returns a fresh one.
 *
 * @typedef {string | (() => string | Promise<string>)} SessionSource
 */

/** The session token of this page, renewed if the host page can do that. */
export class Session {
  /** @type {SessionSource} */
  #source;
  /** @type {Promise<string> | null} */
  #token = null;

  /** @param {SessionSource} source */
  constructor(source) {
    this.#source = source;
  }

  /** Whether a refused token can be replaced. */
  get isRenewable() {
    return typeof this.#source === "function";
  }

  /**
   * The token. A function is called once, and again before the token expires.
   *
   * @returns {Promise<string>}
   */
  async token() {
    this.#token ??= this.#ask();
    const token = await this.#token;
    const { expiresAt } = readSession(token);
    if (this.isRenewable && expiresAt !== null && expiresAt - Date.now() < 30_000) {
      return this.renew();
    }
    return token;
  }

  /**
   * Asks the host page for another token.
   *
   * @returns {Promise<string>}
   */
  renew() {
    this.#token = this.#ask();
    return this.#token;
  }

  /** @returns {Promise<string>} */
  async #ask() {
    try {
      const token = typeof this.#source === "function" ? await this.#source() : this.#source;
      readSession(token);
      return token.trim();
    } catch (error) {
      this.#token = null;
      throw error;
    }
  }
}
