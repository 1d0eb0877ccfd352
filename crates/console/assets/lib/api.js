/** The server refused a request, or could not be reached: a sentence for people, a code for programs. */
export class ApiError extends Error {
  name = "ApiError";

  /**
   * @param {{ status: number, code: string, error: string, hint?: string | null, retryAfter?: number | null }} refusal
   *   `status` is 0 if there was no answer; `retryAfter` in seconds
   */
  constructor({ status, code, error, hint = null, retryAfter = null }) {
    super(error);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later by itself. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** One agent's requests to one workspace. */
export class Api {
  /**
   * @param {{ baseUrl: string, workspace: string, session: import("./session.js").Session }} place
   */
  constructor({ baseUrl, workspace, session }) {
    this.base = baseUrl.replace(/\/+$/, "");
    this.workspace = workspace;
    this.session = session;
  }

  /**
   * The URL of a path of the workspace.
   *
   * @param {string} path
   */
  url(path) {
    return `${this.base}/api/workspaces/${encodeURIComponent(this.workspace)}/${path}`;
  }

  /**
   * Requests JSON. A refused session is renewed once, if the host page can do that.
   *
   * @param {string} method
   * @param {string} path below the workspace
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    const response = await this.open(method, path, { body, signal: AbortSignal.timeout(15_000) });
    if (response.status === 204) return null;
    return response.json();
  }

  /**
   * Sends a request, and returns its response if that is a success.
   *
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [options]
   * @returns {Promise<Response>}
   */
  async open(method, path, options = {}) {
    let response = await this.#send(method, path, options, await this.session.token());
    if (response.status === 401 && this.session.isRenewable) {
      response = await this.#send(method, path, options, await this.session.renew());
    }
    if (response.ok) return response;
    throw await refusal(response);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} options
   * @param {string} token
   */
  async #send(method, path, { body, headers = {}, signal }, token) {
    /** @type {Record<string, string>} */
    const all = { Authorization: `Bearer ${token}`, ...headers };
    if (body !== undefined) all["Content-Type"] = "application/json";
    try {
      return await fetch(this.url(path), {
        method,
        headers: all,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal,
      });
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw new ApiError({
        status: 0,
        code: "unreachable",
        error: "The server cannot be reached.",
        hint: "Check your network. The page keeps trying.",
      });
    }
  }
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  return new ApiError({
    status: response.status,
    code: body.code ?? `status_${response.status}`,
    error: body.error ?? `The server answered with status ${response.status}.`,
    hint: body.hint,
    retryAfter,
  });
}
