import assert from "node:assert/strict";
import { test } from "node:test";

import { whySentence } from "../../assets/lib/line.js";
import { Records } from "../../assets/lib/records.js";
import { REFUSED, RingEnds, outboundEnding, sentence } from "../../assets/lib/reasons.js";
import * as words from "../../assets/lib/words.js";
import { LEG_END, OUTCOME, SCOPE, STATUS, VERDICT, isMissed } from "../../assets/page/format.js";

const ME = "u-me";
const ANA = { user_id: "u-ana", name: "Ana" };
const ended = (reason, answered_by = null) => ({ call_sid: "CA0", leg_sid: "CA1", user_id: ME, reason, answered_by });
const never = new Promise(() => {});
const unasked = () => Promise.reject(new Error("the server is not asked"));

test("the reason is found, whether the SDK or the server comes first", async () => {
  const cases = [
    [ended("answered", ANA), "Ana took it"],
    [ended("answered", { user_id: "u-x", name: null }), "Somebody else took it"],
    [ended("answered", { user_id: ME, name: "Me" }), "You answered on another device"],
    [ended("caller_hung_up"), "The caller hung up"],
    [ended("timed_out"), "You did not answer in time"],
    [ended("declined"), "You declined"],
    [ended("failed"), "The call failed"],
    [ended("something_new"), "The ringing stopped"],
  ];
  for (const [event, want] of cases) {
    const early = new RingEnds(ME);
    early.add(event);
    assert.equal(sentence(await early.why("CA1", never)), want);
    const late = new RingEnds(ME);
    const why = late.why("CA1", never);
    late.add({ ...event, leg_sid: "CA9" });
    late.add(event);
    assert.equal(sentence(await why), want);
  }
});

test("without an event from the server, no reason is given", async () => {
  const ends = new RingEnds(ME);
  assert.deepEqual(await ends.why("CA1", Promise.resolve()), { reason: "unknown", by: null });
  // An event that comes too late does not explain another ring.
  ends.add(ended("declined"));
  assert.deepEqual(await ends.why("CA2", Promise.resolve()), { reason: "unknown", by: null });
});

test("events that nobody waits for do not pile up", async () => {
  const ends = new RingEnds(ME);
  for (let index = 0; index < 1000; index += 1) ends.add({ ...ended("declined"), leg_sid: `CA${index}` });
  assert.equal((await ends.why("CA999", Promise.resolve())).reason, "declined");
  assert.equal((await ends.why("CA0", Promise.resolve())).reason, "unknown");
});

test("a record is found once it fits, whenever it arrives", async () => {
  const call = (call_sid, outcome, direction = "outbound") => ({ call_sid, outcome, direction });
  const isDecided = ({ outcome }) => outcome !== "ringing";
  const early = new Records(unasked);
  early.add(call("CA1", "busy"));
  assert.equal((await early.first("CA1", isDecided, never)).outcome, "busy");
  const late = new Records(unasked);
  late.add(call("CA1", "ringing"));
  const first = late.first("CA1", isDecided, never);
  for (const [sid, outcome] of [["CA2", "busy"], ["CA1", "ringing"], ["CA1", "in_progress"], ["CA1", "completed"]]) {
    late.add(call(sid, outcome));
  }
  assert.equal((await first).outcome, "in_progress");
  assert.equal(await late.first("CA3", isDecided, Promise.resolve()), null);
  // Inbound calls and old ones are not kept.
  late.add(call("CA4", "completed", "inbound"));
  for (let index = 10; index < 100; index += 1) late.add(call(`CA${index}`, "busy"));
  for (const sid of ["CA4", "CA10"]) assert.equal(await late.first(sid, isDecided, Promise.resolve()), null, sid);
  assert.equal((await late.first("CA99", isDecided, Promise.resolve())).outcome, "busy");
});

test("the end of an outbound call is read from its record", () => {
  const call = (outcome, refusal = null) => ({ outcome, refusal, answered_at: null });
  const cases = [
    [call("busy"), "The line is busy"],
    [call("no_answer"), "No answer"],
    [call("failed"), "The call failed"],
    [call("completed"), "They hung up"],
    [call("refused", "prefix_not_allowed"), "The call was not placed: your workspace does not allow numbers of this country or with this prefix"],
    [call("refused", "something_new"), "The call was not placed: it is not allowed"],
  ];
  for (const [record, want] of cases) assert.equal(sentence(outboundEnding(record)), want);
  // Agents once read "it is not allowed" for these two.
  const why = (code) => sentence(outboundEnding(call("refused", code)));
  assert.match(why("premium_number"), /cost too much/);
  assert.match(why("too_many_calls_today"), /today/);
});

test("every word of the server has its own sentence", () => {
  const cases = [
    [words.OUTCOMES, OUTCOME],
    [words.AGENT_STATUSES, STATUS],
    [words.REASONS, VERDICT],
    [[...words.WHOM, ...words.BECAUSE], SCOPE],
    [[...words.LEG_ENDS, ...words.LEG_STATUSES], LEG_END],
    [words.REFUSALS, REFUSED],
  ];
  for (const [codes, sentences] of cases) {
    assert.deepEqual(Object.keys(sentences).sort(), [...new Set(codes)].sort());
    for (const code of codes) assert.ok(sentences[code].length > 3, code);
  }
  for (const reason of words.RING_ENDS) assert.notEqual(sentence({ reason, by: null }), "The ringing stopped", reason);
  for (const because of words.BECAUSE) {
    assert.match(whySentence({ scope: "everyone", because, wave: 1 }), /^Ringing everyone: /, because);
  }
  for (const outcome of words.OUTCOMES.filter((one) => words.MISSED.includes(one))) {
    assert.ok(isMissed({ direction: "inbound", outcome }), outcome);
  }
});
