/**
 * The parts of Twilio's Voice SDK 2.18 that are used here.
 *
 * @typedef {object} SdkCall
 * @property {Record<string, string>} parameters
 * @property {Map<string, string>} customParameters
 * @property {string | undefined} connectToken
 * @property {(options?: object) => void} accept
 * @property {() => void} reject
 * @property {() => void} disconnect
 * @property {(on: boolean) => void} mute
 * @property {() => boolean} isMuted
 * @property {(digits: string) => void} sendDigits
 * @property {() => string} status
 * @property {(name: string, listener: (...args: any[]) => void) => void} on
 */

/**
 * @typedef {object} SdkDevice
 * @property {"unregistered" | "registering" | "registered" | "destroyed"} state
 * @property {boolean} isBusy
 * @property {any} audio
 * @property {() => Promise<void>} register
 * @property {(options: object) => Promise<SdkCall>} connect
 * @property {(token: string) => void} updateToken
 * @property {() => void} destroy
 * @property {(name: string, listener: (...args: any[]) => void) => void} on
 * @property {((event: Event) => void) | undefined} _boundOnPageHide
 */

/** @typedef {new (token: string, options: object) => SdkDevice} SdkConstructor */

/** @type {Promise<SdkConstructor> | null} */
let loading = null;

/**
 * Loads the SDK from the server, once.
 *
 * @param {string} base the server
 * @returns {Promise<SdkConstructor>}
 */
export function loadSdk(base) {
  const loaded = /** @type {any} */ (globalThis).Twilio?.Device;
  if (loaded) return Promise.resolve(loaded);
  loading ??= insert(`${base}/console/voice-sdk.js`).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * @param {string} src
 * @returns {Promise<SdkConstructor>}
 */
async function insert(src) {
  const response = await fetch(src, { cache: "no-cache" });
  if (!response.ok) {
    const { error, hint } = await response.json().catch(() => ({}));
    throw new SdkError(error ?? "The Voice SDK cannot be loaded.", hint ?? null);
  }
  const script = document.createElement("script");
  const done = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new SdkError("The Voice SDK cannot be loaded.", "Reload the page."));
  });
  script.src = src;
  document.head.append(script);
  await done;
  return /** @type {any} */ (globalThis).Twilio.Device;
}

/** The SDK is not there. */
export class SdkError extends Error {
  name = "SdkError";

  /**
   * @param {string} message
   * @param {string | null} hint
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Lets the SDK, which dials `wss:` only, reach a signalling server on this machine that has no
 * certificate. Nothing else is touched. The SDK keeps the `WebSocket` that it finds when it is
 * loaded, so this comes first.
 *
 * @param {string | null} signalling the configured server
 * @returns {string | null} its host and port, as the SDK wants them
 */
export function reach(signalling) {
  if (signalling === null) return null;
  const [scheme, host] = signalling.split("://");
  if (scheme === "ws" && !reached.has(host)) {
    reached.add(host);
    const Original = globalThis.WebSocket;
    const [secure, plain] = [`wss://${host}/`, `ws://${host}/`];
    globalThis.WebSocket = class extends Original {
      /**
       * @param {string | URL} url
       * @param {string | string[]} [protocols]
       */
      constructor(url, protocols) {
        const text = String(url);
        super(text.startsWith(secure) ? plain + text.slice(secure.length) : text, protocols);
      }
    };
  }
  return host;
}

const reached = new Set();
