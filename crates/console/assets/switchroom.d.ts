// The types of `/console/switchroom.js`, generated from its sources.

/**
 * One call of this agent's phone. Plain data: it is copied to other tabs as it is.
 */
export type Line = {
    /**
     * of this line, in this browser
     */
    id: string;
    /**
     * of the whole call, for `GET /calls/{call_sid}`
     */
    callSid: string | null;
    /**
     * of the leg to this browser
     */
    legSid: string | null;
    direction: "inbound" | "outbound";
    state: LineState;
    /**
     * of the other end; `""` if it is withheld
     */
    number: string;
    /**
     * the number as people read it, if the server has said so
     */
    numberText: string | null;
    /**
     * the contact's, if it is known
     */
    name: string | null;
    contactId: string | null;
    /**
     * the reason why this agent rings; inbound only
     */
    why: Why | null;
    /**
     * when the state before `open` began, in milliseconds
     */
    since: number;
    answeredAt: number | null;
    isMuted: boolean;
    /**
     * a problem of the connection or the sound; the reason if it is `over`
     */
    trouble: string | null;
};

/**
 * - `ringing`: here, or at the other end
 * - `connecting`: answered here, or dialled
 * - `open`: both ends hear each other
 * - `reconnecting`: the connection was lost, and is being restored
 * - `over`: not placed, or not answered; the agent hears an announcement, and then the line ends
 */
type LineState = "ringing" | "connecting" | "open" | "reconnecting" | "over";

/**
 * Why this agent rings, from the server's parameters.
 */
type Why = {
    /**
     * `assigned` or `everyone`
     */
    scope: string;
    /**
     * why everyone rings
     */
    because: string | null;
    /**
     * from 1
     */
    wave: number;
};

export type Ending = {
    reason: Reason;
    /**
     * who answered, for `answered`
     */
    by: string | null;
    /**
     * from the network or the server: more about the reason
     */
    detail?: string | null;
};

/**
 * Why a call ended, for an agent.
 */
export type Reason = "answered" | "answered_by_you" | "caller_hung_up" | "timed_out" | "declined" | "hung_up" | "callee_hung_up" | "over" | "busy" | "no_answer" | "failed" | "refused" | "lost" | "unknown";

/**
 * Whether calls reach this agent's browser.
 */
export type Registration = {
    /**
     *   `unregistered` recovers by itself; `failed` needs somebody to act
     */
    state: "starting" | "registering" | "registered" | "unregistered" | "failed";
    problem: Problem | null;
};

/**
 * A problem in words, and what to do about it.
 */
export type Problem = {
    code: string;
    title: string;
    hint: string | null;
    /**
     * whether trying again cannot help
     */
    isFinal: boolean;
};

/**
 * Whether a call that comes now rings here and can be answered; if not, why, and what helps.
 */
export type Readiness = {
    isReady: boolean;
    code: ReadinessCode;
    /**
     * the state in a sentence
     */
    text: string;
    /**
     * what to do, or what the page does itself
     */
    fix: string | null;
};

/**
 * - `ready`: a call rings here
 * - `starting`: the page connects
 * - `insecure`: browsers allow calls on secure pages only
 * - `session`: the agent is signed out
 * - `refused`: the server refuses this agent, for example in a workspace that is not theirs
 * - `server`: the server cannot be reached
 * - `phone`: Twilio cannot be reached, or does not accept this page
 * - `microphone_denied`, `microphone_missing`: the browser gives the page no microphone
 */
type ReadinessCode = "ready" | "starting" | "insecure" | "session" | "refused" | "server" | "phone" | "microphone_denied" | "microphone_missing";

/**
 * One agent, as all pages see them.
 */
export type Agent = {
    user_id: string;
    identity: string;
    name: string | null;
    role: Role;
    /**
     * What counts now: calls, then what was set by hand, then whether a page is open. `unknown`: their page never reported, so they ring
     */
    status: AgentStatus;
    since: string | null;
    /**
     * What was set by hand; it holds again after a call. Null: nothing was ever set
     */
    presence: "available" | "away" | "offline" | null;
    /**
     * The call that they are on, or that rings
     */
    call_sid?: string;
    /**
     * Why their open page cannot take a call; then they are `offline`. Absent: it can, or no page is open
     */
    not_ready?: NotReady | null;
    /**
     * When `wrap_up` ends by itself
     */
    until?: string;
};

type Role = "agent" | "admin";

type AgentStatus = "available" | "away" | "offline" | "unknown" | "offered" | "busy" | "wrap_up";

type NotReady = "microphone" | "phone" | "silent";

/**
 * One call, as all pages see it: the record, the name of its contact, and its numbers as the team reads them.
 */
export type Call = {
    /**
     * The call, as Twilio and the log name it
     */
    call_sid: string;
    /**
     * Who placed it; inbound until an event says otherwise
     */
    direction: Direction;
    /**
     * Who calls
     */
    from: string;
    /**
     * What was called: for an outbound call the number that was dialled
     */
    to: string;
    /**
     * The person on the other side, if it is a contact
     */
    contact_id: string | null;
    /**
     * How it stands or ended
     */
    outcome: Outcome;
    /**
     * The agent who has, or had, the call. Inbound: whose leg was answered and connected; null while it rings and if it was missed. Outbound: who placed it
     */
    handled_by: string | null;
    /**
     * When it arrived, or the first sign of it if the arrival is not known; null if nothing is known
     */
    started_at: string | null;
    /**
     * When the other side answered
     */
    answered_at: string | null;
    /**
     * When it ended; null while it goes on
     */
    ended_at: string | null;
    /**
     * Why it ended; null while it goes on, and in the log for a reason that only a newer version of the program knows
     */
    end_reason: EndReason | null;
    /**
     * The rule that kept an outbound call from being placed
     */
    refusal: Refusal | null;
    /**
     * As folded: the agent's own leg of an outbound call first, then by wave, first sign of life and Sid. In the log they are in the order in which they began
     */
    legs: Leg[];
    /**
     * The waves, by number
     */
    waves: Wave[];
    /**
     * The name of the contact
     */
    contact_name: string | null;
    /**
     * `from` as the workspace's people write it, in their own country without its code; `null` for a withheld number and for what is no number
     */
    from_text: string | null;
    /**
     * `to` in the same way
     */
    to_text: string | null;
};

type Direction = "inbound" | "outbound";

type Outcome = "ringing" | "in_progress" | "completed" | "no_answer" | "caller_hung_up" | "busy" | "failed" | "refused";

type EndReason = "completed" | "caller_hung_up" | "timed_out" | "declined" | "nobody_available" | "failed" | "refused" | "lost";

type Refusal = "not_a_number" | "emergency_number" | "short_number" | "premium_number" | "shared_cost_number" | "personal_number" | "satellite_number" | "number_not_in_use" | "prefix_not_allowed" | "own_number" | "on_call" | "too_many_calls" | "too_many_calls_today" | "not_a_member" | "not_an_agent" | "no_caller_id" | "unavailable";

/**
 * One end of a call: an agent's browser, or the number that an agent called.
 */
type Leg = {
    /**
     * The leg; for the agent's own leg of an outbound call, the call itself
     */
    leg_sid: string;
    /**
     * The agent whose browser it is; null for a phone number
     */
    agent: string | null;
    /**
     * How it stands. A leg that no callback ended, but whose call or Dial is over, is over
     */
    status: LegStatus;
    /**
     * When dialling began
     */
    initiated_at: string | null;
    /**
     * When it began to ring
     */
    ringing_at: string | null;
    /**
     * When it was answered
     */
    answered_at: string | null;
    /**
     * When it ended; null while it goes on
     */
    ended_at: string | null;
    /**
     * Why it ended; null while it goes on, and in the log for a reason that only a newer version of the program knows
     */
    end_reason: LegEnd | null;
};

type LegStatus = "initiated" | "ringing" | "in-progress" | "no-answer" | "canceled" | "failed" | "busy" | "completed";

type LegEnd = "completed" | "answered_elsewhere" | "caller_left" | "timed_out" | "declined" | "unreachable" | "not_connected" | "canceled" | "refused" | "lost";

/**
 * One wave of an inbound call, or the one Dial of an outbound call.
 */
type Wave = {
    /**
     * Its number, from 1
     */
    number: number;
    /**
     * When it was decided; null if the decision is not known
     */
    decided_at: string | null;
    /**
     * The agents that the call was for, and why; null if the decision is not known
     */
    scope: Scope | null;
    /**
     * What was decided about every candidate, in the router's order
     */
    verdicts: Verdict[];
    /**
     * When its Dial ended
     */
    ended_at: string | null;
    /**
     * How its Dial ended; null while it rings
     */
    dialled: Dialled | null;
};

type Scope = "assigned" | "everyone:unknown_caller" | "everyone:not_assigned" | "everyone:assigned_unavailable" | "everyone:assigned_unanswered" | "nobody:unknown_caller" | "nobody:not_assigned" | "nobody:assigned_unavailable" | "nobody:assigned_unanswered";

/**
 * What was decided about one candidate.
 */
type Verdict = {
    /**
     * Who
     */
    user: string;
    /**
     * Why they ring, or do not
     */
    reason: ReasonCode;
    /**
     * Whether they ring in this wave; not so for those who are planned for a later one
     */
    rings: boolean;
};

type ReasonCode = "rings" | "waits" | "beyond_last_wave" | "already_rang" | "on_call" | "wrap_up" | "away" | "offline" | "page_closed" | "page_not_ready" | "not_assigned" | "not_member";

/**
 * The `action` of a Dial: it is over.
 */
type Dialled = {
    /**
     * Which wave it was, from 1; an outbound call has one
     */
    wave: number;
    /**
     * How it ended
     */
    status: DialStatus;
    /**
     * Whether the call itself was over by then: the caller has gone
     */
    caller_gone: boolean;
    /**
     * Twilio's `DialBridged`: whether the two sides were connected
     */
    bridged?: boolean;
    /**
     * The leg that was bridged. If none was, Twilio may name any leg, which means nothing
     */
    child?: string;
    /**
     * Twilio's `DialCallDuration`: how long that leg was answered
     */
    duration?: number;
};

type DialStatus = "completed" | "answered" | "busy" | "no-answer" | "failed" | "canceled";

/**
 * How a text is read as a number, how the number is shown, and whether this workspace may dial it.
 */
export type ReadNumber = {
    /**
     * The number in E.164, which is what is dialled; null if the text is no number
     */
    e164: string | null;
    /**
     * Digits behind the number, which are not dialled
     */
    extension: string | null;
    /**
     * The number as people write it in the workspace's country: national at home, international abroad
     */
    text: string | null;
    /**
     * The number with its calling code, grouped as its country does
     */
    international: string | null;
    /**
     * The number as it is written in its own country
     */
    national: string | null;
    /**
     * Its country, by its ISO 3166 code; null if it has none
     */
    country: string | null;
    /**
     * What sort of number it is: `fixed`, `mobile`, `toll_free`, `premium` and so on
     */
    kind: string | null;
    /**
     * Whether it may be dialled
     */
    allowed: boolean;
    /**
     * Why not
     */
    reason: Refusal | null;
    /**
     * Why not, in English
     */
    sentence: string | null;
};

export type Options = {
    /**
     * the server, for example `https://voice.example.com`
     */
    baseUrl: string;
    /**
     * the workspace's id
     */
    workspace: string;
    /**
     * the session token, or a function that
     * returns a fresh one; it is called again before the token expires
     */
    session: SessionSource;
    /**
     * the SDK's `Device`, if the page bundles it; otherwise it is loaded from
     * the server
     */
    Device?: any;
    /**
     * whether to play the ring tone; default `true`
     */
    ring?: boolean;
};

/**
 * A session token, or a function of the host page that returns a fresh one.
 */
type SessionSource = string | (() => string | Promise<string>);

export type Events = {
    /**
     * a call comes in
     */
    ringing: Line;
    /**
     * both ends are connected; for an outbound call, the callee has answered
     */
    answered: Line;
    /**
     * a call is over, or stopped ringing;
     * `text` is the reason in words
     */
    ended: {
        line: Line;
        ending: Ending;
        text: string;
    };
    /**
     * anything about this agent's calls has changed
     */
    lines: Line[];
    /**
     * whether calls reach this browser
     */
    registration: Registration;
    /**
     * whether a call that comes now rings here, and if not, why
     */
    readiness: Readiness;
    /**
     * this agent's status, as routing sees it
     */
    status: Agent;
    /**
     * the team
     */
    agents: Agent[];
    /**
     * the live calls of the workspace
     */
    calls: Call[];
    /**
     * one call of the workspace has changed, or is over
     */
    call: Call;
    /**
     * whether this tab has the phone
     */
    leading: boolean;
    /**
     * whether the team's view is live
     */
    stream: "connecting" | "open" | "refused" | "closed";
    /**
     * whether the browser keeps the ring tone silent until a click
     */
    blocked: boolean;
};

/**
 * Connects this page: registers the phone, and follows the team. It recovers by itself wherever it
 * can; otherwise `registration` has a `problem`.
 *
 * @param {Options} options
 * @returns {Switchroom}
 */
export declare function connect(options: Options): Switchroom;

/**
 * A connected page. If an agent has several tabs open, one of them has the phone, and the others work
 * through it.
 *
 * @extends {Emitter<Events>}
 */
export declare class Switchroom extends Emitter<Events> {
    #private;
    options: {
        workspace: string;
        session: SessionSource;
        Device?: any;
        ring?: boolean;
        baseUrl: string;
    };
    /** The user id of the agent; `null` until the session is known. @type {string | null} */
    me: string | null;
    /** @type {Registration} */
    registration: Registration;
    /** Whether a call that comes now rings here, and if not, why. @type {Readiness} */
    readiness: Readiness;
    /** This agent's calls. @type {Line[]} */
    lines: Line[];
    /** Whether this tab has the phone. */
    isLeading: boolean;
    /** @type {Events["stream"]} */
    stream: Events["stream"];
    /** The microphones and loudspeakers. */
    devices: Devices;
    /** @param {Options} options */
    constructor(options: Options);
    /** The team, sorted by name. @returns {Agent[]} */
    get agents(): Agent[];
    /** One agent. @param {string | null | undefined} userId @returns {Agent | null} */
    agent(userId: string | null | undefined): Agent | null;
    /** The live calls, the oldest first. @returns {Call[]} */
    get calls(): Call[];
    /** This agent's status, as routing sees it. @returns {Agent | null} */
    get status(): Agent | null;
    /** The server's clock, in milliseconds. */
    get now(): number;
    /**
     * Answers a ringing call; without an id, the first one that rings. An agent has one call at a time:
     * during a call it is refused, unless `endOthers` says that the other call may be ended.
     *
     * @param {string} [id] of the line
     * @param {{ endOthers?: boolean }} [options]
     * @returns {Promise<void>}
     * @throws {Error} if another call is in progress
     */
    answer(id?: string, options?: {
        endOthers?: boolean;
    }): Promise<void>;
    /**
     * Declines a ringing call.
     *
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    decline(id?: string): Promise<void>;
    /**
     * Ends a call.
     *
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    hangUp(id?: string): Promise<void>;
    /**
     * Switches the microphone off or on.
     *
     * @param {boolean} isMuted
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    mute(isMuted: boolean, id?: string): Promise<void>;
    /**
     * Sends tones.
     *
     * @param {string} digits 0 to 9, `*`, `#`, and `w` for half a second
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    sendDigits(digits: string, id?: string): Promise<void>;
    /**
     * Reads a number as people write it, in the workspace's country: what would be dialled, how it is
     * shown, and whether it may be called.
     *
     * @param {string} text
     * @returns {Promise<ReadNumber>}
     */
    readNumber(text: string): Promise<ReadNumber>;
    /**
     * Calls a number.
     *
     * @param {string | ReadNumber} number as people write it, or as `readNumber` has read it
     * @returns {Promise<Line>}
     * @throws {Error} if the number cannot be called; the message says why
     */
    dial(number: string | ReadNumber): Promise<Line>;
    /**
     * Sets whether this agent takes calls. During a call, it takes effect after the call.
     *
     * @param {"available" | "away" | "offline"} status
     * @returns {Promise<Agent>}
     */
    setStatus(status: "available" | "away" | "offline"): Promise<Agent>;
    /** Ends wrap-up early. */
    endWrapUp(): Promise<void>;
    /**
     * Moves the phone to this tab. The tab that has it refuses during a call.
     *
     * @returns {Promise<boolean>} whether it is here now
     */
    takeOver(): Promise<boolean>;
    /** Tries again at once, for example when the session was renewed after a `problem`. */
    retry(): void;
    /**
     * Requests JSON from the server, with the agent's session.
     *
     * @param {string} path below the workspace, for example `calls?limit=20`
     * @returns {Promise<any>}
     */
    get(path: string): Promise<any>;
    /**
     * Selects microphone and loudspeakers; `""` is the system's default.
     *
     * @param {Partial<Choice>} choice
     */
    useDevices(choice: Partial<Choice>): void;
    /** Ends everything: calls of this tab are hung up, and the phone is free for another tab. */
    close(): void;
}

/**
 * Events by name, with typed details.
 *
 * @template {Record<string, any>} Events
 */
declare class Emitter<Events extends Record<string, any>> {
    #private;
    /**
     * Calls `listener` for every event of that name.
     *
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {(detail: Events[Name]) => void} listener
     * @returns {() => void} stops listening
     */
    on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void;
    /**
     * Calls all listeners. An error of one is reported and does not stop the others.
     *
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {Events[Name]} detail
     */
    emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void;
}

/** The microphones and loudspeakers of this machine, and those that the agent chose. */
declare class Devices {
    /** @type {Choice} */
    choice: Choice;
    /** Called when the choice or the devices change. */
    onChange: () => void;
    constructor();
    /** Whether the browser lets a page choose the loudspeaker. */
    get canChooseSpeaker(): boolean;
    /**
     * The devices that can be chosen. Browsers hide their names until the microphone is allowed.
     *
     * @returns {Promise<{ microphones: Choosable[], speakers: Choosable[] }>}
     */
    list(): Promise<{
        microphones: Choosable[];
        speakers: Choosable[];
    }>;
    /** @param {Partial<Choice>} choice */
    choose(choice: Partial<Choice>): void;
    /** How the browser opens the microphone. */
    get constraints(): {
        audio: {
            echoCancellation: boolean;
            noiseSuppression: boolean;
            autoGainControl: boolean;
            deviceId?: {
                exact: string;
            } | undefined;
        };
    };
    /**
     * Opens a microphone. If the chosen one is gone, the system's default is opened. The choice cannot be
     * passed as a mere preference, because browsers ignore that.
     *
     * @param {any} constraints
     * @returns {Promise<MediaStream>}
     * @throws {Error} as `getUserMedia` does: `name` says why
     */
    open: (constraints: any) => Promise<MediaStream>;
    /**
     * Listens to the microphone and reports its level until it is stopped.
     *
     * @param {(level: number) => void} heard from 0 to 1, some 20 times a second
     * @returns {Promise<() => void>} stops it
     * @throws {Error} as `open` does
     */
    listen(heard: (level: number) => void): Promise<() => void>;
}

/**
 * The chosen devices. `""` is the system's default.
 */
type Choice = {
    microphone: string;
    speaker: string;
    ringer: string;
};

/**
 * A device that can be chosen.
 */
type Choosable = {
    id: string;
    label: string;
};

/**
 * A number for reading that came without its text: a North American one in its groups, any other as it is, because how
 * its digits are grouped depends on its country. The server's texts (`from_text`, `numberText`) know that.
 *
 * @param {string | null} number E.164
 * @returns {string}
 */
export declare function formatNumber(number: string | null): string;

/**
 * The number at the other end of a call, as the team reads it.
 *
 * @param {Pick<import("./words.js").Call, "direction" | "from" | "to" | "from_text" | "to_text">} call
 * @returns {string}
 */
export declare function otherNumber(call: Pick<Call, "direction" | "from" | "to" | "from_text" | "to_text">): string;

/**
 * Why this agent rings, in words.
 *
 * @param {Why | null} why
 * @returns {string}
 */
export declare function whySentence(why: Why | null): string;

/** Whether a call is not over yet. @param {Call} call */
export declare const isLive: (call: Call) => boolean;

export {};
