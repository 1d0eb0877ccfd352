// A page in TypeScript that uses everything the module offers. It does not run, but it must compile. The
// compiler reports a member of the module that this page does not use, and the other way round.

import { connect, formatNumber, isLive, whySentence } from "https://voice.example.com/console/switchroom.js";
import type { Agent, Call, Ending, Events, Line, Options, Problem, Readiness, Reason, Registration, Switchroom } from "https://voice.example.com/console/switchroom.js";

const options: Options = {
  baseUrl: "https://voice.example.com",
  workspace: "acme",
  session: async () => "token",
  ring: false,
};
const phone: Switchroom = connect(options);

const listeners: { [Name in keyof Events]: (detail: Events[Name]) => void } = {
  ringing: (line: Line) => show(line.name ?? formatNumber(line.number), whySentence(line.why)),
  answered: (line: Line) => show(line.callSid ?? "", String(line.answeredAt)),
  ended: ({ line, ending, text }: { line: Line; ending: Ending; text: string }) => show(line.id, words(ending.reason), text),
  lines: (lines: Line[]) => show(...lines.map((line) => line.state)),
  registration: ({ state, problem }: Registration) => show(state, problem ? explain(problem) : ""),
  readiness: ({ isReady, code, text, fix }: Readiness) => show(String(isReady), code, text, fix ?? ""),
  status: (agent: Agent) => show(agent.status, agent.since ?? ""),
  agents: (agents: Agent[]) => show(...agents.map((agent) => agent.name ?? "")),
  calls: (calls: Call[]) => show(...calls.filter(isLive).map((call) => call.call_sid)),
  call: (call: Call) => show(call.outcome, ...call.legs.map((leg) => leg.status)),
  leading: (isLeading: boolean) => show(String(isLeading)),
  stream: (state) => show(state satisfies "connecting" | "open" | "refused" | "closed"),
  blocked: (isBlocked: boolean) => show(String(isBlocked)),
};
const stops: (() => void)[] = [
  phone.on("ringing", listeners.ringing),
  phone.on("ended", ({ text }) => show(text)),
  phone.on("leading", (isLeading) => show(isLeading ? "here" : "elsewhere")),
];

/** Uses every member. */
export const everything: { [Name in Exclude<keyof Switchroom, "emit" | "options">]: () => unknown } = {
  on: () => stops.forEach((stop) => stop()),
  answer: async () => [await phone.answer(), await phone.answer("id"), await phone.answer("id", { endOthers: true })],
  decline: async () => [await phone.decline(), await phone.decline("id")],
  hangUp: async () => [await phone.hangUp(), await phone.hangUp("id")],
  mute: async () => [await phone.mute(true), await phone.mute(false, "id")],
  sendDigits: async () => [await phone.sendDigits("1w2"), await phone.sendDigits("#", "id")],
  readNumber: async () => (await phone.readNumber("(500) 555-0006")).text?.length,
  dial: async () => {
    const number = await phone.readNumber("(500) 555-0006");
    return number.allowed ? (await phone.dial(number)).id.length : number.sentence;
  },
  setStatus: async () => (await phone.setStatus("away")).presence?.length,
  endWrapUp: () => phone.endWrapUp(),
  takeOver: async () => (await phone.takeOver()) === true,
  get: () => phone.get("calls?limit=20"),
  retry: () => phone.retry(),
  close: () => phone.close(),
  devices: async () => {
    const { microphones, speakers } = await phone.devices.list();
    const stop = await phone.devices.listen((level) => show(level.toFixed(2)));
    stop();
    return [...microphones, ...speakers].map(({ id, label }) => id + label);
  },
  useDevices: () => phone.useDevices({ microphone: "", ringer: "id" }),
  me: () => phone.me?.length,
  agent: () => phone.agent(phone.me)?.role,
  status: () => phone.status?.until,
  agents: () => phone.agents.length,
  calls: () => phone.calls.length,
  lines: () => phone.lines.length,
  isLeading: () => phone.isLeading === true,
  registration: () => phone.registration.problem?.hint,
  readiness: () => phone.readiness.fix,
  stream: () => phone.stream.length,
  now: () => phone.now.toFixed(0),
};

export async function onDemand(url: string): Promise<Switchroom> {
  const { connect }: typeof import("../../../assets/switchroom") = await import(url);
  return connect(options);
}

// If one of these lines compiles, something has lost its type.
// @ts-expect-error there is no such event
phone.on("rung", () => {});
// @ts-expect-error busy is not set by hand
phone.setStatus("busy");
// @ts-expect-error a line has no such state
phone.on("lines", ([line]) => line.state === "done");
// @ts-expect-error the workspace is missing
connect({ baseUrl: "https://voice.example.com", session: "token" });

function explain({ title, hint, code, isFinal }: Problem): string {
  return [title, hint, code, isFinal].join(" ");
}

function words(reason: Reason): string {
  return reason === "answered" ? "gone" : reason;
}

function show(...texts: string[]): void {
  document.title = texts.join(" ");
}
