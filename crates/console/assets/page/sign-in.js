import { readSession } from "../lib/session.js";
import { banner } from "./banner.js";
import { $ } from "./dom.js";

/** A workspace, and the session of an agent of it. @typedef {{ workspace: string, session: string }} Known */

/**
 * Who signed in, and how to get a fresh token.
 *
 * @typedef {object} SignedIn
 * @property {string} workspace
 * @property {() => string} session the newest token
 * @property {(then: () => void) => void} onRenewed calls back when the host page has brought a new one
 */

/**
 * Waits until somebody is signed in: by what this tab stored before a reload, by the fragment of the
 * link, or by the form. A link signs nobody else in while somebody is signed in: anybody can write one.
 *
 * @returns {Promise<SignedIn>}
 */
export async function signedIn() {
  const [link, tab] = [fromLink(), fromTab()];
  const isTaken = link && tab && !isSame(link, tab) && !hasEnded(tab.session);
  const known = (isTaken ? tab : link) ?? tab ?? (await fromForm());
  if (isTaken) offer(link);
  let { session } = known;
  let renewed = () => {};
  keep(known);
  // A host page that opens the link again in the same named window brings a fresh session.
  addEventListener("hashchange", () => {
    const link = fromLink();
    if (!link) return;
    if (!isSame(link, { workspace: known.workspace, session })) {
      return hasEnded(session) ? switchTo(link) : offer(link);
    }
    keep(link);
    session = link.session;
    renewed();
  });
  return { workspace: known.workspace, session: () => session, onRenewed: (then) => (renewed = then) };
}

/**
 * Forgets who is signed in.
 *
 * @param {string} [why] what the form says, if the agent did not ask for it
 */
export function signOut(why) {
  sessionStorage.removeItem(KEY);
  if (why) sessionStorage.setItem(WHY, why);
  location.assign("/");
}

/**
 * Asks whether the session of a link takes the place of the one that is signed in.
 *
 * @param {Known} link
 */
function offer(link) {
  const text = `A link wants to sign in somebody else here, in ${link.workspace}.`;
  banner.set("link", { kind: "warn", text, act: { label: "Switch", run: () => switchTo(link) } });
}

/** @param {Known} link */
function switchTo(link) {
  keep(link);
  location.reload();
}

/** Whether two sessions are of one agent. @param {Known} one @param {Known} other */
const isSame = (one, other) =>
  one.workspace === other.workspace && safeRead(one.session)?.userId === safeRead(other.session)?.userId;

/** @param {string} session */
function hasEnded(session) {
  const { expiresAt } = safeRead(session) ?? { expiresAt: 0 };
  return expiresAt !== null && expiresAt < Date.now();
}

/** Reads the fragment, and removes it from the address bar before anybody can copy it. */
function fromLink() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const [workspace, session] = [fields.get("workspace"), fields.get("session")];
  if (!workspace || !session) return null;
  history.replaceState(null, "", location.pathname);
  return { workspace, session };
}

/** @returns {Known | null} */
function fromTab() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Known} known */
function keep({ workspace, session }) {
  sessionStorage.setItem(KEY, JSON.stringify({ workspace, session }));
}

/** @returns {Promise<Known>} */
function fromForm() {
  $("sign-in").hidden = false;
  $("workspace-input").focus();
  const why = sessionStorage.getItem(WHY);
  sessionStorage.removeItem(WHY);
  $("sign-in-problem").textContent = why ?? "";
  $("sign-in-problem").hidden = why === null;
  return new Promise((done) => {
    $("sign-in-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const workspace = $("workspace-input").value.trim();
      const session = $("session-input").value.trim();
      const problem = $("sign-in-problem");
      try {
        const { expiresAt } = readSession(session);
        if (expiresAt !== null && expiresAt < Date.now()) throw new Error("This session has ended.");
        done({ workspace, session });
      } catch (error) {
        problem.textContent = /** @type {Error} */ (error).message;
        problem.hidden = false;
        $("session-input").focus();
      }
    });
  });
}

/** @param {string} session */
function safeRead(session) {
  try {
    return readSession(session);
  } catch {
    return null;
  }
}

const KEY = "switchroom:session";

/** Why the agent has to sign in again. */
const WHY = "switchroom:signed-out";
