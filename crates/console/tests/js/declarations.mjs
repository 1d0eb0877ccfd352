// Joins the declarations that `tsc` generates for all modules into one file for `switchroom.js`:
//
//     node declarations.mjs <the folder of tsc's declarations> <the file to write>
//
// It keeps only the declarations that the module itself refers to.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, file] = process.argv.slice(2);
const MODULE = "switchroom.d.ts";

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {string} text without `export`
 * @property {string} comment
 */

/**
 * The declarations of one file.
 *
 * @param {string} file below the folder
 * @returns {Declared[]}
 */
function declarations(file) {
  const source = readFileSync(join(folder, file), "utf8");
  // Comments and statements begin at the left edge; a statement goes to the line that closes it.
  const parts = source.match(/^\/\*\*[^]*?\*\/$|^(?:export|import|declare)\b[^]*?(?:;|\})$(?=\n[^\s}]|\n*(?![^]))/gm) ?? [];
  const about = Object.fromEntries(parts.filter((part) => part.includes("@typedef")).map(described));
  return parts.flatMap((part, at) => {
    const found = /^export (?:declare )?(?:const|function|class|type) (\w+)/.exec(part);
    // An alias of another module's declaration.
    if (!found || /^export type (\w+) = import\("[^"]+"\)\.\1;$/.test(part)) return [];
    const before = parts[at - 1] ?? "";
    const isAbout = before.startsWith("/**") && !before.includes("@typedef") && !before.includes("@module");
    const comment = isAbout ? before : (about[found[1]] ?? "");
    const text = part.replace(/^export (declare )?/, "").replace(/import\("[^"]+"\)\.(\w+)/g, "$1");
    return [{ name: found[1], text, comment }];
  });
}

/**
 * The name of a `@typedef`, and its description.
 *
 * @param {string} comment
 */
function described(comment) {
  const [text, definition] = comment.split("@typedef");
  const name = /(\w+)\n/.exec(definition.replace(/\{[^]*?\}(?= \w+\n)/, ""))?.[1] ?? "";
  const said = text.replace(/[\s*]+$/, "");
  return [name, said === "/" ? "" : `${said}\n */`];
}

const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"));
/** @type {Map<string, Declared>} */
const declared = new Map();
for (const one of files.sort().flatMap(declarations)) {
  if (declared.has(one.name)) throw new Error(`two modules declare ${one.name}, which is impossible in one file`);
  declared.set(one.name, one);
}
const source = readFileSync(join(folder, MODULE), "utf8");
const exported = new Set([...source.matchAll(/^export (?:declare )?(?:function|class|type) (\w+)/gm)].map(([, name]) => name));
for (const [, names] of source.matchAll(/^export \{ (.+) \} from/gm)) {
  for (const name of names.split(", ")) exported.add(name);
}

/** @type {Set<string>} */
const reached = new Set();
/** @param {string} name */
function reach(name) {
  const one = declared.get(name);
  if (!one || reached.has(name)) return;
  reached.add(name);
  for (const [word] of one.text.replace(/\/\*[^]*?\*\//g, "").matchAll(/\b[A-Z]\w+/g)) reach(word);
}
exported.forEach(reach);

const written = [...reached].map((name) => {
  const { text, comment } = /** @type {Declared} */ (declared.get(name));
  const words = [exported.has(name) && "export", !text.startsWith("type") && "declare", text];
  return `${comment && `${comment}\n`}${words.filter(Boolean).join(" ")}\n`;
});
const title = "// The types of `/console/switchroom.js`, generated from its sources.\n";
// Without the last line, every declaration would count as exported.
writeFileSync(file, [title, ...written, "export {};\n"].join("\n"));
