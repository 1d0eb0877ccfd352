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
