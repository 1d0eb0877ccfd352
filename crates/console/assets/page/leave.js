/** @typedef {import("../switchroom.js").Line} Line */

/**
 * Lets the browser ask before a page with a call is closed. If the agent closed the only tab, the other
 * end would hear silence until Twilio gives up the leg.
 *
 * It belongs to the page and not to the module, because each host page decides what it asks its users.
 *
 * @param {import("../switchroom.js").Switchroom} phone
 */
export function mountLeave(phone) {
  const ask = (/** @type {Event} */ event) => event.preventDefault();
  const watch = () => {
    // A page that always listens cannot be kept in the browser's back-forward cache.
    if (phone.isLeading && phone.lines.some(needsPage)) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  };
  phone.on("lines", watch);
  phone.on("leading", watch);
}

/**
 * Whether the other end of a line needs this page. A call that rings here does not: it rings in other
 * browsers too, or moves on to the next agents.
 *
 * @param {Line} line
 */
export function needsPage({ state, direction }) {
  return state !== "over" && (state !== "ringing" || direction === "outbound");
}
