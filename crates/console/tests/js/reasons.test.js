import assert from "node:assert/strict";
import { test } from "node:test";

import { RingEnds, outboundEnding, sentence } from "../../assets/lib/reasons.js";

const ME = "u-me";
const ANA = { user_id: "u-ana", name: "Ana" };
const told = (reason, answered_by = null) => ({ call_sid: "CA0", leg_sid: "CA1", user_id: ME, reason, answered_by });
const never = new Promise(() => {});

test("the reason is joined, whichever teller comes first", async () => {
  const cases = [
    [told("answered", ANA), "Ana took it"],
    [told("answered", { user_id: "u-x", name: null }), "Somebody else took it"],
    [told("answered", { user_id: ME, name: "Me" }), "You answered on another device"],
    [told("caller_hung_up"), "The caller hung up"],
    [told("timed_out"), "Nobody answered in time"],
    [told("declined"), "You declined"],
    [told("failed"), "The call failed"],
    [told("something_new"), "The ringing stopped"],
  ];
  for (const [event, want] of cases) {
    const early = new RingEnds(ME);
    early.tell(event);
    assert.equal(sentence(await early.why("CA1", never)), want);
    const late = new RingEnds(ME);
    const why = late.why("CA1", never);
    late.tell({ ...event, leg_sid: "CA9" });
    late.tell(event);
    assert.equal(sentence(await why), want);
  }
});

test("without a word from the server, nothing is claimed", async () => {
  const ends = new RingEnds(ME);
  assert.deepEqual(await ends.why("CA1", Promise.resolve()), { reason: "unknown", by: null });
  // Told too late, it does not explain another ring.
  ends.tell(told("declined"));
  assert.deepEqual(await ends.why("CA2", Promise.resolve()), { reason: "unknown", by: null });
});

test("rings that nobody asks about do not pile up", async () => {
  const ends = new RingEnds(ME);
  for (let index = 0; index < 1000; index += 1) ends.tell({ ...told("declined"), leg_sid: `CA${index}` });
  assert.equal((await ends.why("CA999", Promise.resolve())).reason, "declined");
  assert.equal((await ends.why("CA0", Promise.resolve())).reason, "unknown");
});

test("an outbound call says how it ended", () => {
  const call = (outcome, refusal = null) => ({ outcome, refusal, answered_at: null });
  const cases = [
    [call("busy"), "The line is busy"],
    [call("no_answer"), "No answer"],
    [call("failed"), "The call failed"],
    [call("completed"), "They hung up"],
    [call("refused", "prefix_not_allowed"), "The call was not placed: your workspace does not allow numbers with this prefix"],
    [call("refused", "something_new"), "The call was not placed: it is not allowed"],
  ];
  for (const [record, want] of cases) assert.equal(sentence(outboundEnding(record)), want);
});
