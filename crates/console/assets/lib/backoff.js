/**
 * How long to wait before the next attempt. The time doubles with each attempt, up to `most`; a random
 * part of it, at most half, is left out, so that many pages do not reconnect at the same moment.
 *
 * @param {number} attempt from 0
 * @param {{ first?: number, most?: number, random?: number }} [options] times in milliseconds;
 *   `random` from 0 to 1
 * @returns {number} milliseconds
 */
export function delay(attempt, { first = 500, most = 15_000, random = Math.random() } = {}) {
  const whole = Math.min(most, first * 2 ** Math.min(attempt, 30));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/**
 * Waits.
 *
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
