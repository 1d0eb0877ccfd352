/** Whether the browser gives this page a microphone. */
export class Microphone {
  /** @type {import("./readiness.js").MicrophoneState} */
  state = "unasked";
  /** Called when it has changed. */
  onChange = () => {};

  /** @type {PermissionStatus | null} */
  #permission = null;
  #isRunning = false;

  /** Watches it, without asking the agent for anything. */
  async start() {
    this.#isRunning = true;
    navigator.mediaDevices?.addEventListener?.("devicechange", this.#look);
    const name = /** @type {PermissionName} */ ("microphone");
    this.#permission = (await navigator.permissions?.query({ name }).catch(() => null)) ?? null;
    this.#permission?.addEventListener("change", this.#look);
    await this.#look();
  }

  stop() {
    this.#isRunning = false;
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.#look);
    this.#permission?.removeEventListener("change", this.#look);
  }

  #look = async () => {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => null)) ?? null;
    if (!this.#isRunning) return;
    const isMissing = devices !== null && !devices.some(({ kind }) => kind === "audioinput");
    const said = this.#permission?.state;
    const state = said === "denied" ? "denied" : isMissing ? "missing" : said === "granted" ? "allowed" : "unasked";
    if (state === this.state) return;
    this.state = state;
    this.onChange();
  };
}
