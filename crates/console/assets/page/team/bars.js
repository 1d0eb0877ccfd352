import { s } from "../dom.js";

const ROW = 25;
const MOST = 10;

/**
 * A bar for each agent, the longest first.
 *
 * @param {{ name: string, value: number }[]} all sorted
 * @param {number} width in pixels
 */
export function bars(all, width) {
  const shown = all.slice(0, MOST);
  const rest = all.length - shown.length;
  const names = Math.min(150, width * 0.38);
  const space = width - names - 34;
  const most = Math.max(1, ...shown.map((one) => one.value));
  const letters = Math.floor(names / 6.4);
  const rows = shown.flatMap(({ name, value }, index) => {
    const y = index * ROW;
    const length = Math.max(2, (space * value) / most);
    const short = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
    return [
      s("text", { x: 0, y: y + 16 }, short, s("title", {}, name)),
      s("rect", { class: "answered", x: names, y: y + 4, width: length, height: ROW - 9, rx: 3 }, s("title", {}, `${name}: ${value}`)),
      s("text", { x: names + length + 7, y: y + 16 }, String(value)),
    ];
  });
  if (rest > 0) rows.push(s("text", { x: 0, y: shown.length * ROW + 16 }, `and ${rest} more in the table`));
  const height = (shown.length + (rest > 0 ? 1 : 0)) * ROW;
  const label = `Calls by agent: ${shown.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, ...rows);
}
