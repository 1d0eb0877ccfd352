import { sleep } from "./backoff.js";

/** The keys of the dial pad, pressed one after another. */
export class Digits {
  /** What is not sent yet, and in which call. @type {{ id: string, digit: string }[]} */
  #waiting = [];
  #isSending = false;
  #press;

  /** @param {(id: string, digits: string) => void} press sends digits in a call */
  constructor(press) {
    this.#press = press;
  }

  /**
   * Sends digits, those that wait together, after the ones before them have sounded: the browser drops
   * digits that it has not begun when it gets more, and a busy one begins late.
   *
   * @param {string} id of the call
   * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
   * @throws {Error} if one is none of these
   */
  send(id, digits) {
    if (!/^[0-9*#w]+$/.test(digits)) throw new Error("Digits are 0 to 9, * and #.");
    this.#waiting.push(...Array.from(digits, (digit) => ({ id, digit })));
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll() {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const { id, digit } = this.#waiting[0];
      if (digit === "w") {
        this.#waiting.shift();
        await sleep(PAUSE);
        continue;
      }
      const other = this.#waiting.findIndex((next) => next.digit === "w" || next.id !== id);
      const batch = this.#waiting.splice(0, other < 0 ? this.#waiting.length : other);
      try {
        this.#press(id, batch.map((one) => one.digit).join(""));
      } catch {
        // A call that has just ended takes no digits.
      }
      await sleep(batch.length * TONE + LATE);
    }
    this.#isSending = false;
  }
}

/** How long the SDK lets a digit sound, with the pause after it. */
const TONE = 230;

/** How much later a busy browser may begin. */
const LATE = 500;

const PAUSE = 500;
