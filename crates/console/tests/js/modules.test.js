import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ASSETS = fileURLToPath(new URL("../../assets", import.meta.url));
const LONGEST = 500;

const modules = readdirSync(ASSETS, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js"))
  .map((name) => name.replaceAll("\\", "/"))
  .sort();

/** The modules that a module loads, by its path below `assets/`. Types that comments import load nothing. */
function imports(name) {
  const code = readFileSync(join(ASSETS, name), "utf8").replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = [...code.matchAll(/\b(?:from\s*|import\s*\(?\s*)["'](\.[^"']+)["']/g)];
  return found.map(([, path]) => relative(ASSETS, join(ASSETS, dirname(name), path)).replaceAll("\\", "/"));
}

/** The first cycle of a graph, as a list of names that ends where it begins; `null` if there is none. */
function cycle(graph) {
  const done = new Set();
  /** @type {(name: string, path: string[]) => string[] | null} */
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const next of graph.get(name) ?? []) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return null;
  };
  for (const name of graph.keys()) {
    const found = visit(name, []);
    if (found) return found;
  }
  return null;
}

test("a cycle is found, and named", () => {
  const graph = (edges) => new Map(Object.entries(edges));
  assert.equal(cycle(graph({ a: ["b", "c"], b: ["c"], c: [] })), null);
  assert.deepEqual(cycle(graph({ a: ["b"], b: ["c"], c: ["b"] })), ["b", "c", "b"]);
  assert.deepEqual(cycle(graph({ a: ["a"] })), ["a", "a"]);
});

test("no module of the assets loads itself through others", () => {
  const graph = new Map(modules.map((name) => [name, imports(name)]));
  assert.deepEqual(graph.get("page/phone/keypad.js"), ["page/dom.js"], "imports are read");
  for (const [name, loaded] of graph) {
    for (const one of loaded) assert.ok(graph.has(one), `${name} loads ${one}, which does not exist`);
  }
  assert.equal(cycle(graph)?.join(" → "), undefined);
});

test("the module for other pages does not load the console's own page", () => {
  for (const name of modules.filter((name) => !name.startsWith("page/"))) {
    const own = imports(name).filter((loaded) => loaded.startsWith("page/"));
    assert.deepEqual(own, [], name);
  }
});

test(`no module has more than ${LONGEST} lines`, () => {
  const long = modules.filter((name) => readFileSync(join(ASSETS, name), "utf8").split("\n").length - 1 > LONGEST);
  assert.deepEqual(long, []);
});
