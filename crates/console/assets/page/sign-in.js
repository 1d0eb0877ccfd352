import { readSession } from "../lib/session.js";
import { $ } from "./dom.js";

/**
 * Who signed in, and how to get a fresh token.
 *
 * @typedef {object} SignedIn
 * @property {string} workspace
 * @property {() => string} session the newest token
 * @property {(then: () => void) => void} onRenewed calls back when the host page has brought a new one
 */

/**
 * Waits until somebody is signed in: by the fragment of the link, by what this tab stored before a
 * reload, or by the form.
 *
 * @returns {Promise<SignedIn>}
 */
export async function signedIn() {
  const known = fromLink() ?? fromTab() ?? (await fromForm());
  let { session } = known;
  let renewed = () => {};
  keep(known);
  // A host page that opens the link again in the same named window brings a fresh session.
  addEventListener("hashchange", () => {
    const link = fromLink();
    if (!link) return;
    keep(link);
    if (link.workspace !== known.workspace) return location.reload();
    const isSame = safeUser(link.session) === safeUser(session);
    session = link.session;
    if (isSame) renewed();
    else location.reload();
  });
  return { workspace: known.workspace, session: () => session, onRenewed: (then) => (renewed = then) };
}

/** Forgets who is signed in. */
export function signOut() {
  sessionStorage.removeItem(KEY);
  location.assign("/");
}

/** Reads the fragment, and removes it from the address bar before anybody can copy it. */
function fromLink() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const [workspace, session] = [fields.get("workspace"), fields.get("session")];
  if (!workspace || !session) return null;
  history.replaceState(null, "", location.pathname);
  return { workspace, session };
}

/** @returns {{ workspace: string, session: string } | null} */
function fromTab() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {{ workspace: string, session: string }} known */
function keep({ workspace, session }) {
  sessionStorage.setItem(KEY, JSON.stringify({ workspace, session }));
}

/** @returns {Promise<{ workspace: string, session: string }>} */
function fromForm() {
  $("sign-in").hidden = false;
  $("workspace-input").focus();
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
function safeUser(session) {
  try {
    return readSession(session).userId;
  } catch {
    return null;
  }
}

const KEY = "switchroom:session";
