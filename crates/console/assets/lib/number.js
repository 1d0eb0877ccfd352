/**
 * A number for reading that came without its text: a North American one in its groups, any other as it is, because how
 * its digits are grouped depends on its country. The server's texts (`from_text`, `numberText`) know that.
 *
 * @param {string | null} number E.164
 * @returns {string}
 */
export function formatNumber(number) {
  if (!number) return "Withheld number";
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return american ? `+1 ${american[1]} ${american[2]} ${american[3]}` : number;
}

/**
 * The number at the other end of a call, as the team reads it.
 *
 * @param {Pick<import("./words.js").Call, "direction" | "from" | "to" | "from_text" | "to_text">} call
 * @returns {string}
 */
export function otherNumber(call) {
  if (call.direction === "inbound") return call.from_text ?? formatNumber(call.from);
  // Nobody has withheld it: the server was away when the call was placed.
  return call.to === "" ? "Number not known" : (call.to_text ?? formatNumber(call.to));
}
