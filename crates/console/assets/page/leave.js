/** @typedef {import("../switchroom.js").Line} Line */

/**
 * Lets the browser ask before a page is left that has a call. Who closes the only tab would leave the
 * other end in silence until Twilio gives the leg up.
 *
 * It belongs to the page and not to the module: what a page asks its users is its own.
 *
 * @param {import("../switchroom.js").Switchroom} phone
 */
export function mountLeave(phone) {
  const ask = (/** @type {Event} */ event) => event.preventDefault();
  const watch = () => {
    // A page that always listened could not be kept for the way back.
    if (phone.isLeading && phone.lines.some(needsPage)) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  };
  phone.on("lines", watch);
  phone.on("leading", watch);
}

/**
 * Whether somebody at the other end would miss this page. A call that rings here does not: it rings
 * elsewhere too, or goes on to the next.
 *
 * @param {Line} line
 */
export function needsPage({ state, direction }) {
  return state !== "over" && (state !== "ringing" || direction === "outbound");
}
