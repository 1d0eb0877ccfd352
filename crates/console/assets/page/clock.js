import { write } from "./dom.js";
import { duration } from "./format.js";

/**
 * Shows in an element how long ago something began. One timer updates all of them.
 *
 * @param {HTMLElement} element
 * @param {number | null} since milliseconds since 1970, by this machine's clock
 */
export function countFrom(element, since) {
  if (since === null || Number.isNaN(since)) {
    delete element.dataset.since;
    write(element, "");
    return;
  }
  element.dataset.since = String(since);
  write(element, duration(Date.now() - since));
}

function tick() {
  const now = Date.now();
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-since]"))) {
    write(element, duration(now - Number(element.dataset.since)));
  }
  setTimeout(tick, 1000 - (now % 1000));
}

tick();
