/**
 * Whether a call that comes now rings here and can be answered; if not, why, and what helps.
 *
 * @typedef {object} Readiness
 * @property {boolean} isReady
 * @property {ReadinessCode} code
 * @property {string} text the state in a sentence
 * @property {string | null} fix what to do, or what the page does itself
 */

/**
 * - `ready`: a call rings here
 * - `starting`: the page connects
 * - `insecure`: browsers allow calls on secure pages only
 * - `session`: the agent is signed out
 * - `refused`: the server refuses this agent, for example in a workspace that is not theirs
 * - `server`: the server cannot be reached
 * - `phone`: Twilio cannot be reached, or does not accept this page
 * - `microphone_denied`, `microphone_missing`: the browser gives the page no microphone
 *
 * @typedef {"ready" | "starting" | "insecure" | "session" | "refused" | "server" | "phone"
 *   | "microphone_denied" | "microphone_missing"} ReadinessCode
 */

/** @typedef {"allowed" | "unasked" | "denied" | "missing"} MicrophoneState */

/**
 * Puts together what is known; what is worst counts.
 *
 * @param {object} known
 * @param {import("./device.js").Registration} known.registration
 * @param {boolean} known.isServerLost
 * @param {MicrophoneState} known.microphone
 * @returns {Readiness}
 */
export function readinessOf({ registration, isServerLost, microphone }) {
  const { state, problem } = registration;
  if (problem?.isFinal) return not(finalCode(problem.code), problem.title, problem.hint);
  if (isServerLost) return not("server", "The server cannot be reached.", "Check your network. The page keeps trying.");
  if ((state === "starting" || state === "registering") && !problem) {
    return not("starting", "Connecting to the phone network…", null);
  }
  if (state !== "registered") {
    const { title, hint } = problem ?? { title: "The phone network cannot be reached.", hint: null };
    return not("phone", title, hint ?? "The page keeps trying.");
  }
  if (microphone === "denied") {
    return not("microphone_denied", "The browser does not let this page use the microphone.", "Allow it in the address bar.");
  }
  if (microphone === "missing") {
    return not("microphone_missing", "There is no microphone.", "Plug one in.");
  }
  return { isReady: true, code: "ready", text: "Calls ring here.", fix: null };
}

/**
 * @param {ReadinessCode} code
 * @param {string} text
 * @param {string | null} fix
 * @returns {Readiness}
 */
const not = (code, text, fix) => ({ isReady: false, code, text, fix });

/** @param {string} code of a problem that nothing but the agent can end @returns {ReadinessCode} */
function finalCode(code) {
  if (code === "insecure") return "insecure";
  return code.startsWith("session") ? "session" : "refused";
}

/** Before anything is known. @type {Readiness} */
export const STARTING = not("starting", "Connecting to the phone network…", null);

/**
 * What a page that is not ready lacks, in the server's words. It cannot tell the server that it cannot be
 * reached.
 *
 * @param {Readiness} readiness
 * @returns {"microphone" | "phone" | null}
 */
export function lackOf({ isReady, code }) {
  if (isReady) return null;
  return code === "microphone_denied" || code === "microphone_missing" ? "microphone" : "phone";
}
