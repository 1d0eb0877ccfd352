import { isLive, otherNumber } from "../../switchroom.js";
import { detail } from "./detail.js";
import { $, h, icon, keyed, write } from "../dom.js";
import { isTeamKnown } from "../known.js";
import { duration, isMissed, moment, other, outcomeName } from "../format.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */
/** @typedef {import("../../switchroom.js").Call} Call */

const PAGE = 40;

/**
 * The call log: newest first, more as the agent scrolls, and new calls as they come.
 *
 * @param {Switchroom} phone
 */
export function mountLog(phone) {
  /** @type {Map<string, Call>} */
  let calls = new Map();
  /** The cursor of the next page; `null` when there is none. @type {string | null} */
  let next = null;
  let isAsking = false;
  let isAsked = false;
  /** Whether the list is whole as far as it goes: its first page came, and nothing failed since. */
  let isWhole = false;
  /** Counts the queries, to drop the answer to an older one. */
  let question = 0;
  const end = $("log-end");

  const wanted = () => ({
    agent: $("filter-agent").value,
    direction: $("filter-direction").value,
    outcome: $("filter-missed").checked ? "missed" : "",
  });
  const draw = () => {
    const started = (/** @type {Call} */ call) => call.started_at ?? "";
    const sorted = [...calls.values()].sort((a, b) => started(b).localeCompare(started(a)));
    keyed($("log"), sorted, (call) => call.call_sid, (call) => createEntry(phone, call), (row, call) => row.update(call, phone));
    if (isWhole && !isAsking && next === null) write(end, calls.size > 0 ? "No more calls." : "No calls yet.");
  };
  const more = async () => {
    if (isAsking) return;
    isAsking = true;
    isAsked = true;
    const mine = question;
    write(end, "Loading…");
    try {
      const query = new URLSearchParams({ limit: String(PAGE) });
      for (const [name, value] of Object.entries(wanted())) if (value) query.set(name, value);
      if (next !== null) query.set("before", next);
      const page = await phone.get(`calls?${query}`);
      if (mine !== question) return;
      for (const call of page.calls) calls.set(call.call_sid, call);
      next = page.next ?? null;
      isAsking = false;
      isWhole = true;
      write(end, "");
      draw();
      // An observer reports changes only. Observing again makes it report whether the end is still near.
      observer.unobserve(end);
      observer.observe(end);
    } catch (error) {
      if (mine !== question) return;
      isAsking = false;
      isWhole = false;
      const again = h("button.link", { type: "button", onclick: () => void more() }, "Try again");
      end.replaceChildren(`The calls cannot be loaded: ${/** @type {Error} */ (error).message} `, again);
    }
  };
  const observer = new IntersectionObserver((entries) => {
    if (entries.at(-1)?.isIntersecting && isWhole && next !== null) void more();
  }, { rootMargin: "400px" });
  const reload = () => {
    question += 1;
    isAsking = false;
    isWhole = false;
    calls = new Map();
    next = null;
    draw();
    void more();
  };

  $("filters").addEventListener("change", reload);
  $("filters").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  $("view-calls").addEventListener("shown", () => {
    if (!isAsked) void more();
  });
  phone.on("agents", (agents) => offerAgents(agents));
  // What failed while the server was away is asked again when it is back.
  phone.on("readiness", () => {
    if (isAsked && !isWhole && !isAsking && isTeamKnown(phone)) void more();
  });
  phone.on("call", (call) => {
    // Before the first page has come, a single call would look like all of them.
    if ((!isWhole && calls.size === 0) || !matches(call, wanted())) return;
    calls.set(call.call_sid, call);
    draw();
  });
}

/**
 * Whether a call belongs in the list.
 *
 * @param {Call} call
 * @param {{ agent: string, direction: string, outcome: string }} wanted
 */
export function matches(call, { agent, direction, outcome }) {
  if (direction && call.direction !== direction) return false;
  if (outcome && !isMissed(call)) return false;
  return !agent || call.handled_by === agent;
}

/** @param {import("../../switchroom.js").Agent[]} agents */
function offerAgents(agents) {
  const select = $("filter-agent");
  const known = [...select.options].map((option) => `${option.value} ${option.text}`).join();
  const options = [["", "Everyone"], ...agents.map((agent) => [agent.user_id, agent.name ?? "No name"])];
  if (known === options.map(([value, text]) => `${value} ${text}`).join()) return;
  const { value } = select;
  select.replaceChildren(...options.map(([id, text]) => h("option", { value: id }, text)));
  select.value = value;
}

/**
 * @param {Switchroom} phone
 * @param {Call} first
 */
function createEntry(phone, { call_sid }) {
  const mark = h("span");
  const [party, number] = [h("span"), h("small")];
  const [handled, outcome, when] = [h("span.handled"), h("span.outcome"), h("span.when")];
  const id = `detail-${call_sid}`;
  const button = h(
    "button",
    { type: "button", "aria-expanded": "false", "aria-controls": id, "data-test": "log-row" },
    mark,
    h("span.party", {}, party, number),
    handled,
    outcome,
    when,
    icon("down", "icon turn"),
  );
  const panel = h("div.detail", { id, "data-test": "log-detail" });
  panel.hidden = true;
  button.addEventListener("click", async () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    try {
      panel.replaceChildren(detail(await phone.get(`calls/${call_sid}`), phone));
    } catch (error) {
      panel.replaceChildren(h("p.problem", {}, /** @type {Error} */ (error).message));
    }
  });
  const row = h("li.entry", {}, button, panel);
  row.update = (/** @type {Call} */ call, /** @type {Switchroom} */ phone) => {
    const missed = isMissed(call);
    const name = missed ? "missed" : call.direction === "inbound" ? "in" : "out";
    if (mark.dataset.of !== name) {
      mark.dataset.of = name;
      mark.replaceChildren(icon(name, missed ? "icon missed-mark" : "icon"), h("span.sr", {}, `${DIRECTIONS[name]} `));
    }
    const theirs = otherNumber(call);
    write(party, other(call));
    write(number, call.contact_name ? theirs : "");
    write(handled, phone.agent(call.handled_by)?.name ?? (call.handled_by ? "A former agent" : isLive(call) ? "" : "Nobody"));
    outcome.className = missed ? "outcome missed" : "outcome";
    write(outcome, outcomeWords(call));
    write(when, moment(call.started_at, new Date()));
  };
  return row;
}

/** @param {Call} call */
function outcomeWords(call) {
  const words = outcomeName(call);
  if (!call.answered_at || !call.ended_at) return words;
  return `${words} · ${duration(Date.parse(call.ended_at) - Date.parse(call.answered_at))}`;
}

/** @type {Record<string, string>} */
const DIRECTIONS = { missed: "Missed call", in: "Inbound call", out: "Outbound call" };
