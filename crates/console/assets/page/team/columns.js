import { s } from "../dom.js";
import { steps } from "./scale.js";

const HEIGHT = 190;
const LEFT = 26;
const BOTTOM = 20;
const TOP = 8;

/**
 * A column for each hour: answered calls below, missed ones on top.
 *
 * @param {{ name: string, answered: number, missed: number }[]} hours
 * @param {number} width in pixels
 */
export function columns(hours, width) {
  const most = Math.max(1, ...hours.map((hour) => hour.answered + hour.missed));
  const axis = steps(most);
  const top = axis[axis.length - 1];
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const pitch = (width - LEFT) / hours.length;
  const thick = Math.min(34, Math.max(3, pitch - 5));
  const every = Math.ceil(44 / pitch);
  const grid = axis.flatMap((value) => [
    s("line", { class: "axis", x1: LEFT, x2: width, y1: y(value), y2: y(value) }),
    s("text", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  const shapes = hours.flatMap(({ name, answered, missed }, index) => {
    const x = LEFT + index * pitch + (pitch - thick) / 2;
    const parts = [column("answered", x, y(answered), y(0) - y(answered), thick, `${name}: ${answered} answered`)];
    const gap = answered > 0 && missed > 0 ? 1.5 : 0;
    const height = y(answered) - y(answered + missed) - gap;
    if (missed > 0) parts.push(column("missed", x, y(answered + missed), height, thick, `${name}: ${missed} missed`));
    if (index % every === 0) parts.push(s("text", { x: x + thick / 2, y: HEIGHT - 4, "text-anchor": "middle" }, name));
    return parts;
  });
  const sum = (/** @type {"answered" | "missed"} */ key) => hours.reduce((all, hour) => all + hour[key], 0);
  return s(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
      role: "img",
      "aria-label": `Calls by hour: ${sum("answered")} answered, ${sum("missed")} missed. The table has the figures.`,
    },
    ...grid,
    ...shapes,
  );
}

/**
 * @param {string} kind
 * @param {number} x
 * @param {number} y
 * @param {number} height
 * @param {number} width
 * @param {string} title
 */
function column(kind, x, y, height, width, title) {
  const shape = { class: kind, x, y, width, height: Math.max(0, height), rx: Math.min(3, width / 3) };
  return s("rect", shape, s("title", {}, title));
}
