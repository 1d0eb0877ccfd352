/**
 * Reads a phone number as somebody typed it, into E.164: `+`, a digit from 1 to 9, up to 14 more.
 * Spaces, brackets, dots, slashes and hyphens are ignored; `00` at the start means `+`.
 *
 * @param {string} typed
 * @returns {{ number: string } | { problem: string }}
 */
export function parseNumber(typed) {
  const text = typed.trim().replace(/[\s().\-\u2010-\u2015/\u00a0]/g, "").replace(/^00/, "+");
  if (text === "") return { problem: "Type a number, for example +49 30 123456." };
  if (/[^\d+]/.test(text) || text.lastIndexOf("+") > 0) {
    return { problem: "A number has digits only, after the + at its start." };
  }
  if (!text.startsWith("+")) {
    return { problem: "Begin with + and the country code, for example +1 or +49." };
  }
  if (text.startsWith("+0")) return { problem: "A country code does not begin with 0." };
  if (text.length < 8) return { problem: "This number is too short." };
  if (text.length > 16) return { problem: "This number is too long: at most 15 digits." };
  return { number: text };
}

/**
 * Groups a number's digits for reading: North American ones as usual there, others in threes.
 *
 * @param {string | null} number E.164
 * @returns {string}
 */
export function formatNumber(number) {
  if (!number || !/^\+\d+$/.test(number)) return number || "Withheld number";
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american) return `+1 ${american[1]} ${american[2]} ${american[3]}`;
  const groups = number.slice(3).replace(/(\d{3})(?=\d{2})/g, "$1 ");
  return `${number.slice(0, 3)} ${groups}`;
}
