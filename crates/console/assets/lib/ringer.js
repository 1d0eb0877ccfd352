import { ring } from "./wav.js";

/** The ring tone, on a device of its own. */
export class Ringer {
  /** @type {HTMLAudioElement | null} */
  #audio = null;
  #sink = "";
  #isRinging = false;
  #isBlocked = false;
  /** Told whether the browser lets it sound; it may ask for a click first. */
  onBlocked = (/** @type {boolean} */ _blocked) => {};

  /** @param {boolean} isWanted */
  set(isWanted) {
    if (isWanted === this.#isRinging) return;
    this.#isRinging = isWanted;
    if (isWanted) void this.#play();
    else this.#audio?.pause();
  }

  /** Tries again, after the user has touched the page: from then on browsers let it sound. */
  retry() {
    if (this.#isRinging && this.#audio?.paused) void this.#play();
    else this.#blocked(false);
  }

  /** @param {string} deviceId `""` for the system's choice */
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
