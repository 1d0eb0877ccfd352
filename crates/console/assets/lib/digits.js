import { sleep } from "./backoff.js";

/** The keys of the dial pad, pressed one after another. */
export class Digits {
  /** Resolved when every digit is sent. */
  #sent = Promise.resolve();

  /**
   * Sends each digit after the previous one has sounded: the browser drops waiting digits when it
   * gets more.
   *
   * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
   * @param {(digit: string) => void} press
   * @throws {Error} if one is none of these
   */
  send(digits, press) {
    if (!/^[0-9*#w]+$/.test(digits)) throw new Error("Digits are 0 to 9, * and #.");
    for (const digit of digits) {
      this.#sent = this.#sent.then(async () => {
        if (digit !== "w") press(digit);
        await sleep(digit === "w" ? 500 : TONE);
      });
      // A call that has just ended takes no digits.
      this.#sent = this.#sent.catch(() => {});
    }
  }
}

/** How long the SDK lets a digit sound, with the pause after it. */
const TONE = 230;
