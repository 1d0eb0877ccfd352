/**
 * A sound as a WAV file: 8 bits, one channel, 8,000 samples a second.
 *
 * @param {number} seconds
 * @param {(at: number) => number} wave the sound at a time in seconds, from -1 to 1
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function wav(seconds, wave) {
  const length = Math.round(seconds * RATE);
  const bytes = new Uint8Array(44 + length);
  const view = new DataView(bytes.buffer);
  const text = (/** @type {number} */ at, /** @type {string} */ word) =>
    [...word].forEach((letter, index) => (bytes[at + index] = letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, length, true);
  for (let index = 0; index < length; index += 1) {
    const value = Math.max(-1, Math.min(1, wave(index / RATE)));
    bytes[44 + index] = Math.round(128 + 127 * value);
  }
  return bytes;
}

/** A soft ring: two notes that swell twice, then a pause; three seconds, to be repeated. */
export function ring() {
  return wav(3, (at) => {
    const beat = at % 0.5;
    if (at >= 1 || beat >= 0.42) return 0;
    const swell = Math.sin((Math.PI * beat) / 0.42) ** 2;
    const note = Math.sin(2 * Math.PI * 523.25 * at) + 0.6 * Math.sin(2 * Math.PI * 659.25 * at);
    return 0.32 * swell * note;
  });
}

const RATE = 8000;
