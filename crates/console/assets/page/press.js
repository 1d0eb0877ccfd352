/**
 * A press of the pointer.
 *
 * @typedef {{ at: number, x: number, y: number, control: Element | null }} Press
 */

/** The last two presses, the newest first. @type {(Press | null)[]} */
const presses = [null, null];

globalThis.addEventListener?.("pointerdown", (event) => {
  const control = /** @type {Element} */ (event.target).closest("button");
  presses[1] = presses[0];
  presses[0] = { at: event.timeStamp, x: event.clientX, y: event.clientY, control };
}, { capture: true });

/**
 * The listener of a control that ends something. A control may appear under a pointer that has just
 * pressed another one; the second press of a double click then belongs to the first one and is ignored.
 *
 * @param {() => void} run
 * @returns {(event: MouseEvent) => void}
 */
export const meant = (run) => (event) => {
  // A key makes a click without a pointer.
  const isByPointer = event.detail > 0;
  if (!isByPointer || !isLeftOver(presses[0], presses[1])) run();
};

/**
 * Whether a press belongs to the one before it: another control was pressed at the same place a moment ago.
 *
 * @param {Press | null} press
 * @param {Press | null} before
 */
export function isLeftOver(press, before) {
  if (!press || !before || press.control === before.control || before.control === null) return false;
  return press.at - before.at < MOMENT && Math.hypot(press.x - before.x, press.y - before.y) < PLACE;
}

/** Milliseconds. The slowest double click that an operating system can be set to takes 900 ms. */
const MOMENT = 1000;

/** Pixels: less than half of the height of a button. */
const PLACE = 20;
