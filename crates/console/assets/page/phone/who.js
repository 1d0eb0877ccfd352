import { formatNumber } from "../../switchroom.js";

/** Who is at the other end, by name or number. @param {import("../../switchroom.js").Line} line */
export const who = (line) => line.name ?? line.numberText ?? formatNumber(line.number);
