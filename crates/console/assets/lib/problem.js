import { ApiError } from "./api.js";
import { SdkError } from "./sdk.js";
import { SessionError } from "./session.js";

/**
 * A problem in words, and what to do about it.
 *
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} title
 * @property {string | null} hint
 * @property {boolean} isFinal whether trying again cannot help
 */

/**
 * What an error means for the agent.
 *
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  if (!globalThis.isSecureContext) {
    return problem("insecure", "Browsers allow calls on secure pages only.", "Open this page with https.", true);
  }
  if (error instanceof SessionError) {
    return problem("session_unreadable", error.message, "Sign in again.", true);
  }
  if (error instanceof ApiError) {
    const isSession = error.status === 401;
    const title = isSession ? "Your session has ended." : error.message;
    const hint = isSession ? "Sign in again." : error.hint;
    return problem(error.code, title, hint, !error.isPassing);
  }
  if (error instanceof SdkError) {
    return problem("voice_sdk", error.message, error.hint, false);
  }
  const code = Number(/** @type {any} */ (error)?.code);
  const known = KNOWN[code];
  if (known) return problem(String(code), known[0], known[1], false);
  const text = error instanceof Error ? error.message : "";
  return problem(code ? String(code) : "unknown", text || "Twilio cannot be reached.", null, false);
}

/**
 * @param {string} code
 * @param {string} title
 * @param {string | null} hint
 * @param {boolean} isFinal
 * @returns {Problem}
 */
function problem(code, title, hint, isFinal) {
  return { code, title, hint, isFinal };
}

/** Whether an error says that the access token is refused. @param {number} code */
export const isTokenRefused = (code) =>
  [20101, 20104, 20151, 31201, 31202, 31203, 31204, 31205, 31207].includes(code);

/** Whether an error is about the microphone. @param {number} code */
export const isMicrophone = (code) => code === 31401 || code === 31402 || code === 31208;

/**
 * A warning of the SDK about the connection or the sound of a call, in words.
 *
 * @param {string} name
 * @returns {string | null} `null` for one that no agent can do anything about
 */
export const warningWords = (name) => WARNINGS[name] ?? null;

const KEYS = "The workspace's API key is wrong. Ask the server's operator to run `switchroom check`.";
const AGAIN = "The page keeps trying.";

/** @type {Record<number, [string, string]>} */
const KNOWN = {
  20101: ["Twilio does not accept the access token.", KEYS],
  20104: ["The access token has expired.", AGAIN],
  20151: ["Twilio does not accept the access token.", KEYS],
  31000: ["The connection to Twilio failed.", AGAIN],
  31005: ["The connection to Twilio was closed.", AGAIN],
  31009: ["There is no connection to Twilio.", AGAIN],
  31201: ["Twilio does not accept the access token.", KEYS],
  31202: ["The signature of the access token is wrong.", KEYS],
  31208: ["The microphone is not allowed.", "Allow it in the browser's address bar."],
  31401: ["The microphone is not allowed.", "Allow it in the browser's address bar."],
  31402: ["The microphone does not work.", "Plug it in, or choose another one."],
};

/** @type {Record<string, string>} */
const WARNINGS = {
  "high-rtt": "The connection is slow",
  "high-jitter": "The connection is unsteady",
  "high-packet-loss": "The connection loses sound",
  "high-packets-lost-fraction": "The connection loses sound",
  "low-mos": "The connection is poor",
  "low-bytes-received": "No sound is received",
  "low-bytes-sent": "No sound is sent",
  "ice-connectivity-lost": "The connection was lost",
  "constant-audio-input-level": "Your microphone is silent",
};
