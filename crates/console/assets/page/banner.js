import { $, write } from "./dom.js";

/**
 * A text in the banner.
 *
 * @typedef {object} Notice
 * @property {"bad" | "warn"} kind
 * @property {string} text
 * @property {{ label: string, run: () => void }} [act] a button beside the text
 */

/**
 * The reasons for a banner, the most urgent first:
 *
 * - `silent`: a call rings and the browser keeps the ring tone silent; any click ends that
 * - `stopped`: calls do not reach this agent until somebody acts
 * - `order`: something that the agent asked for was refused
 * - `link`: a link wants to sign in somebody else
 * - `unsteady`: calls do not reach this agent at the moment, and that ends by itself
 */
const KEYS = /** @type {const} */ (["silent", "stopped", "order", "link", "unsteady"]);

/** @typedef {typeof KEYS[number]} NoticeKey */

/**
 * The reasons for the banner, one for each key. The most urgent one is shown; the others wait until it
 * is withdrawn.
 */
export class Banner {
  /** @type {Map<NoticeKey, Notice>} */
  #notices = new Map();
  #draw;

  /** @param {(notice: Notice | null) => void} draw shows a notice, or none */
  constructor(draw) {
    this.#draw = draw;
  }

  /**
   * Sets the notice of a key, in place of its previous one.
   *
   * @param {NoticeKey} key
   * @param {Notice} notice
   */
  set(key, notice) {
    this.#notices.set(key, notice);
    this.#draw(this.shown);
  }

  /** Withdraws the notice of a key. @param {NoticeKey} key */
  clear(key) {
    if (this.#notices.delete(key)) this.#draw(this.shown);
  }

  /** The notice that is shown. @returns {Notice | null} */
  get shown() {
    const key = KEYS.find((key) => this.#notices.has(key));
    return (key && this.#notices.get(key)) ?? null;
  }
}

/** The banner of the page. Nothing else touches its element. */
export const banner = new Banner((notice) => {
  $("banner").hidden = notice === null;
  if (!notice) return;
  $("banner").dataset.kind = notice.kind;
  write($("banner-text"), notice.text);
  const act = $("banner-act");
  act.hidden = notice.act === undefined;
  act.onclick = notice.act?.run ?? null;
  write(act, notice.act?.label ?? "");
});

/**
 * Carries out an order of the agent. If it is refused, the banner shows the reason until the next
 * order.
 *
 * @param {() => Promise<unknown>} run
 * @param {string} [what] the failure, as the start of a sentence
 */
export async function order(run, what) {
  banner.clear("order");
  try {
    await run();
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    banner.set("order", { kind: "bad", text: what ? `${what}: ${message}` : message });
  }
}
