import { isIncoming } from "./line.js";
import { ring } from "./wav.js";

/**
 * Whether these lines ask for the ring tone: one rings here, and the agent talks to nobody.
 *
 * @param {import("./line.js").Line[]} lines
 */
export function wantsRing(lines) {
  const isTalking = lines.some(({ state }) => state === "open" || state === "connecting");
  return !isTalking && lines.some(isIncoming);
}

/** The ring tone, which has its own loudspeaker setting. */
export class Ringer {
  /** @type {HTMLAudioElement | null} */
  #audio = null;
  #sink = "";
  #isRinging = false;
  #isBlocked = false;
  /** Called when the browser starts or stops keeping it silent until a click. */
  onBlocked = (/** @type {boolean} */ _blocked) => {};

  /** @param {boolean} isWanted */
  set(isWanted) {
    if (isWanted === this.#isRinging) return;
    this.#isRinging = isWanted;
    if (isWanted) void this.#play();
    else this.#audio?.pause();
  }

  /** Tries again after the user has touched the page: from then on, browsers allow sound. */
  retry() {
    if (this.#isRinging && this.#audio?.paused) void this.#play();
    else this.#blocked(false);
  }

  /** @param {string} deviceId `""` for the system's default */
  async useDevice(deviceId) {
    this.#sink = deviceId;
    const audio = /** @type {any} */ (this.#audio);
    if (audio?.setSinkId) await audio.setSinkId(deviceId).catch(() => {});
  }

  async #play() {
    if (!this.#audio) {
      this.#audio = new Audio(URL.createObjectURL(new Blob([ring()], { type: "audio/wav" })));
      this.#audio.loop = true;
      await this.useDevice(this.#sink);
    }
    if (!this.#isRinging) return;
    this.#audio.currentTime = 0;
    try {
      await this.#audio.play();
      this.#blocked(false);
      if (!this.#isRinging) this.#audio.pause();
    } catch (error) {
      const isBlocked = error instanceof DOMException && error.name === "NotAllowedError";
      if (isBlocked) this.#blocked(true);
    }
  }

  /** @param {boolean} isBlocked */
  #blocked(isBlocked) {
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    this.onBlocked(isBlocked);
  }
}
