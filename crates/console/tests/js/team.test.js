import assert from "node:assert/strict";
import { test } from "node:test";

import { Team, compareNames } from "../../assets/lib/team.js";
import { keyed } from "../../assets/page/dom.js";
import { matches } from "../../assets/page/log/log.js";

const agent = (user_id, status) => ({ user_id, status, name: user_id, presence: status, since: null });
const call = (call_sid, outcome) => ({ call_sid, outcome, direction: "inbound", legs: [], handled_by: null });

test("a snapshot replaces everything, an event one thing", () => {
  const team = new Team();
  const now = "2026-01-01T00:00:10Z";
  const snapshot = { now, me: "a", agents: [agent("a", "available")], calls: [call("CA1", "ringing")] };
  assert.deepEqual(team.apply("snapshot", snapshot, Date.parse(now) - 4000), { agents: true, calls: true });
  assert.equal(team.ahead, 4000);
  assert.deepEqual(team.apply("agent", agent("b", "busy"), 0), { agents: true, calls: false });
  assert.deepEqual(team.apply("call", call("CA1", "completed"), 0), { agents: false, calls: true });
  assert.deepEqual([...team.agents.keys(), ...team.calls.keys()], ["a", "b"]);
  assert.deepEqual(team.apply("reset", { reason: "gap" }, 0), { agents: false, calls: false });
  team.apply("snapshot", { now, agents: [], calls: [] }, 0);
  assert.equal(team.agents.size, 0);
});

test("numbers in names are sorted by value", () => {
  const team = new Team();
  const names = ["Agent 10", "Agent 2", "agent 1", "Ángel", null, "Agent 11", "Zoe"];
  names.forEach((name, at) => team.apply("agent", { ...agent(String(at), "busy"), name }, 0));
  const sorted = [null, "agent 1", "Agent 2", "Agent 10", "Agent 11", "Ángel", "Zoe"];
  assert.deepEqual(team.byName().map(({ name }) => name), sorted);
  assert.deepEqual(names.map((name) => ({ name })).sort(compareNames).map(({ name }) => name), sorted);
});

test("repeated events change nothing", () => {
  const events = [["agent", agent("a", "busy")], ["call", call("CA1", "in_progress")], ["call", call("CA1", "completed")]];
  const play = (list) => {
    const team = new Team();
    for (const [name, data] of list) team.apply(name, data, 0);
    return [[...team.agents], [...team.calls]];
  };
  assert.deepEqual(play([...events, ...events]), play(events));
});

test("the log's filters match the server's", () => {
  const mine = { ...call("CA1", "completed"), handled_by: "a" };
  const rang = call("CA2", "no_answer");
  const all = { agent: "", direction: "", outcome: "" };
  const cases = [
    [mine, all, true],
    [mine, { ...all, agent: "a" }, true],
    [mine, { ...all, agent: "b" }, false],
    [mine, { ...all, outcome: "missed" }, false],
    [rang, { ...all, outcome: "missed" }, true],
    [rang, { ...all, outcome: "missed", agent: "a" }, false],
    [rang, { ...all, direction: "outbound" }, false],
  ];
  for (const [one, wanted, want] of cases) assert.equal(matches(one, wanted), want, JSON.stringify(wanted));
});

/** The part of an element that a keyed list needs. */
class Row {
  dataset = {};
  #children = [];
  parent = null;

  get children() {
    return this.#children;
  }

  get firstElementChild() {
    return this.#children[0] ?? null;
  }

  get nextElementSibling() {
    const siblings = this.parent.children;
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  insertBefore(row, next) {
    row.remove();
    row.parent = this;
    const at = next === null ? this.#children.length : this.#children.indexOf(next);
    this.#children.splice(at, 0, row);
    this.moved = (this.moved ?? 0) + 1;
  }

  remove() {
    const at = this.parent?.children.indexOf(this) ?? -1;
    if (at >= 0) this.parent.children.splice(at, 1);
  }
}

test("a list keeps its rows", () => {
  const list = new Row();
  const draw = (items) => keyed(list, items, (item) => item, () => new Row(), (row, item) => (row.item = item));
  draw(["a", "b", "c"]);
  const [a, b, c] = list.children;
  draw(["c", "a", "d", "b"]);
  assert.deepEqual(list.children.map((row) => row.item), ["c", "a", "d", "b"]);
  assert.deepEqual([list.children[0], list.children[1], list.children[3]], [c, a, b]);
  list.moved = 0;
  draw(["c", "a", "d", "b"]);
  assert.equal(list.moved, 0, "nothing moves if nothing changed");
  draw([]);
  assert.equal(list.children.length, 0);
});
