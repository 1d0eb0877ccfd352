/**
 * The chosen devices. `""` is the system's default.
 *
 * @typedef {{ microphone: string, speaker: string, ringer: string }} Choice
 */

/**
 * A device that can be chosen.
 *
 * @typedef {{ id: string, label: string }} Choosable
 */

/** The microphones and loudspeakers of this machine, and those that the agent chose. */
export class Devices {
  /** @type {Choice} */
  choice = { microphone: "", speaker: "", ringer: "", ...read() };
  /** Called when the choice or the devices change. */
  onChange = () => {};

  constructor() {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.onChange());
  }

  /** Whether the browser lets a page choose the loudspeaker. */
  get canChooseSpeaker() {
    return "setSinkId" in HTMLMediaElement.prototype;
  }

  /**
   * The devices that can be chosen. Browsers hide their names until the microphone is allowed.
   *
   * @returns {Promise<{ microphones: Choosable[], speakers: Choosable[] }>}
   */
  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const of = (/** @type {string} */ kind, /** @type {string} */ name) =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== "" && device.deviceId !== "default")
        .map((device, index) => ({ id: device.deviceId, label: device.label || `${name} ${index + 1}` }));
    return { microphones: of("audioinput", "Microphone"), speakers: of("audiooutput", "Speaker") };
  }

  /** @param {Partial<Choice>} choice */
  choose(choice) {
    this.choice = { ...this.choice, ...choice };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.choice));
    } catch {
      // The choice then lasts until this page is closed.
    }
    this.onChange();
  }

  /** How the browser opens the microphone. */
  get constraints() {
    const { microphone } = this.choice;
    return {
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(microphone ? { deviceId: { exact: microphone } } : {}),
      },
    };
  }

  /**
   * Opens a microphone. If the chosen one is gone, the system's default is opened. The choice cannot be
   * passed as a mere preference, because browsers ignore that.
   *
   * @param {any} constraints
   * @returns {Promise<MediaStream>}
   * @throws {Error} as `getUserMedia` does: `name` says why
   */
  open = async (constraints) => {
    const { deviceId, ...audio } = constraints.audio;
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch (error) {
      const isGone = error instanceof Error && ["OverconstrainedError", "NotFoundError"].includes(error.name);
      if (!deviceId || !isGone) throw error;
      return navigator.mediaDevices.getUserMedia({ audio });
    }
  };

  /**
   * Listens to the microphone and reports its level until it is stopped.
   *
   * @param {(level: number) => void} heard from 0 to 1, some 20 times a second
   * @returns {Promise<() => void>} stops it
   * @throws {Error} as `open` does
   */
  async listen(heard) {
    const stream = await this.open(this.constraints);
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      heard(level(samples));
    }, 50);
    return () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      void context.close();
    };
  }
}

/**
 * The level of some samples as people hear it: 0 at -60 dB and below, 1 at full scale.
 *
 * @param {Uint8Array} samples around 128
 * @returns {number}
 */
export function level(samples) {
  let sum = 0;
  for (const sample of samples) sum += ((sample - 128) / 128) ** 2;
  const decibels = 10 * Math.log10(sum / samples.length || 1e-12);
  return Math.max(0, Math.min(1, 1 + decibels / 60));
}

/** @returns {Partial<Choice>} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

const KEY = "switchroom:devices";
