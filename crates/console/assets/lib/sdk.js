/**
 * The parts of Twilio's Voice SDK 2.18 that this module uses.
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

/**
 * Loads the SDK and the server's settings for it.
 *
 * @param {object} parts
 * @param {string} parts.base the server
 * @param {SdkConstructor} [parts.Device] the SDK's constructor, if the host page bundles it
 * @param {(constraints: any) => Promise<MediaStream>} parts.getUserMedia opens the microphone
 * @returns {Promise<(token: string, edge: string | null) => SdkDevice>} makes a Device with an access token, over an
 *   edge of Twilio
 */
export async function prepareSdk({ base, Device, getUserMedia }) {
  const config = await configuration(base);
  const host = reach(config.signalling);
  const Constructor = Device ?? (await loadSdk(base));
  return (token, edge) =>
    new Constructor(token, { ...options(config, host, edge), getUserMedia });
}

/** @type {Promise<SdkConstructor> | null} */
let loading = null;

/**
 * Loads the SDK from the server, once.
 *
 * @param {string} base the server
 * @returns {Promise<SdkConstructor>}
 */
function loadSdk(base) {
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

/** The SDK cannot be loaded. */
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
 * Lets the SDK reach a signalling server on this machine that has no certificate, although the SDK
 * connects to `wss:` only. Other connections are not changed. The SDK keeps the `WebSocket` that it
 * finds when it is loaded, so this must run before.
 *
 * @param {string | null} signalling the configured server
 * @returns {string | null} its host and port, as the SDK expects them
 */
function reach(signalling) {
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

/**
 * @param {string} base
 * @returns {Promise<{ signalling: string | null, publish_events: boolean }>}
 */
async function configuration(base) {
  const response = await fetch(`${base}/console/config.json`, { cache: "no-store" });
  if (!response.ok) throw new Error("The server's settings for Twilio cannot be loaded.");
  return response.json();
}

/**
 * @param {{ publish_events: boolean }} config
 * @param {string | null} host of a signalling server that is not Twilio's
 * @param {string | null} edge of Twilio, if it is not the SDK's own choice
 */
function options(config, host, edge) {
  return {
    ...(host ? { chunderw: host } : {}),
    ...(edge && !host ? { edge } : {}),
    publishEvents: config.publish_events,
    Sound: Silent,
    logLevel: "silent",
    allowIncomingWhileBusy: false,
    enableImprovedSignalingErrorPrecision: true,
    maxCallSignalingTimeoutMs: 30_000,
  };
}

/**
 * Replaces the SDK's sounds. The SDK fetches them from Twilio before it knows which it will play, and
 * that delays a call by two seconds. Keys still sound, because the SDK generates those tones itself.
 */
class Silent {
  isPlaying = false;
  async play() {}
  stop() {}
  setSinkIds() {}
}
