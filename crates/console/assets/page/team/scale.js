/**
 * Round steps for an axis from 0: three to five steps of 1, 2 or 5 times a power of ten. They are whole
 * numbers, because half a call means nothing.
 *
 * @param {number} most
 * @returns {number[]} ascending, from 0; the last one is at least `most`
 */
export function steps(most) {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? 1);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
