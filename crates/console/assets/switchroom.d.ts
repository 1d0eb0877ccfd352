// The types of `/console/switchroom.js`, made from its sources.

/**
 * One call of this agent's phone. Plain data: it is copied to other tabs as it is.
 */
export type Line = {
    /**
     * of this line, on this machine
     */
    id: string;
    /**
     * of the whole call, as `GET /calls/{call_sid}` wants it
     */
    callSid: string | null;
    /**
     * of the leg to this browser
     */
    legSid: string | null;
    direction: "inbound" | "outbound";
    state: LineState;
    /**
     * the other end's, or `""` if it is withheld
     */
    number: string;
    /**
     * the contact's, if it is known
     */
    name: string | null;
    contactId: string | null;
    /**
     * inbound only
     */
    why: Why | null;
    /**
     * when the state before `open` began, in milliseconds
     */
    since: number;
    answeredAt: number | null;
    isMuted: boolean;
    /**
     * what is wrong with the connection or the sound; why it is `over`
     */
    trouble: string | null;
};

/**
 * - `ringing`: here, or at the other end
 * - `connecting`: answered here, or dialled
 * - `open`: both ends hear each other
 * - `reconnecting`: the connection was lost and comes back
 * - `over`: not placed, or not answered; the server says so to the agent, and then it ends
 */
type LineState = "ringing" | "connecting" | "open" | "reconnecting" | "over";

/**
 * Why this agent is rung, by the server's parameters.
 */
type Why = {
    /**
     * `assigned` or `everyone`
     */
    scope: string;
    /**
     * why everyone
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
     * what the network or the server adds
     */
    detail?: string | null;
};

/**
 * Why a call ended, for an agent.
 */
export type Reason = "answered" | "answered_by_you" | "caller_hung_up" | "timed_out" | "declined" | "hung_up" | "callee_hung_up" | "busy" | "no_answer" | "failed" | "refused" | "lost" | "unknown";

/**
 * Whether calls reach this agent's browser.
 */
export type Registration = {
    /**
     *   `unregistered` recovers by itself; `failed` needs somebody to do something
     */
    state: "starting" | "registering" | "registered" | "unregistered" | "failed";
    problem: Problem | null;
};

/**
 * Something that does not mend itself, in words, and what to do about it.
 */
export type Problem = {
    code: string;
    title: string;
    hint: string | null;
    /**
     * whether no repetition will mend it
     */
    isFinal: boolean;
};

/**
 * What an agent does, as the server tells it.
 */
export type Agent = {
    user_id: string;
    name: string | null;
    role: string;
    /**
     *   what counts: calls come before what was set by hand
     */
    status: "available" | "away" | "offline" | "unknown" | "offered" | "busy" | "wrap_up";
    /**
     * what was set by hand
     */
    presence: "available" | "away" | "offline" | "unknown" | null;
    /**
     * RFC 3339
     */
    since: string | null;
    /**
     * while a call is offered or going on
     */
    call_sid?: string | null;
    /**
     * when wrap-up ends by itself
     */
    until?: string | null;
};

/**
 * A call, as the server tells it.
 */
export type Call = {
    call_sid: string;
    direction: "inbound" | "outbound";
    outcome: string;
    from: string | null;
    to: string | null;
    contact_id: string | null;
    contact_name: string | null;
    handled_by: string | null;
    started_at: string | null;
    answered_at: string | null;
    ended_at: string | null;
    end_reason: string | null;
    refusal: string | null;
    legs: Leg[];
    waves: any;
};

/**
 * One leg of a call.
 */
type Leg = {
    leg_sid: string;
    /**
     * user id
     */
    agent: string | null;
    status: string;
    end_reason: string | null;
    initiated_at: string | null;
    ringing_at: string | null;
    answered_at: string | null;
    ended_at: string | null;
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
     * hands out a fresh one, which is asked again before it ends
     */
    session: SessionSource;
    /**
     * the SDK's `Device`, if the page brings it; otherwise it is loaded from the
     * server
     */
    Device?: any;
    /**
     * whether to play the ring tone; default `true`
     */
    ring?: boolean;
};

/**
 * A session token, or a function of the host page that hands out a fresh one.
 */
type SessionSource = string | (() => string | Promise<string>);

export type Events = {
    /**
     * a call comes in
     */
    ringing: Line;
    /**
     * both ends are connected; of an outbound call, the callee has answered
     */
    answered: Line;
    /**
     * a call is over, or stopped ringing;
     * `text` says why, in words
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
     * what this agent does, as it counts for routing
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
     * whether this tab holds the phone
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
 * Connects this page: registers the phone, and follows the team. Everything that breaks and can be
 * mended is mended; what cannot is the `problem` of `registration`.
 *
 * @param {Options} options
 * @returns {Switchroom}
 */
export declare function connect(options: Options): Switchroom;

/**
 * A connected page. Of several tabs of one agent, one holds the phone; in the others everything
 * works the same, through it.
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
    /** This agent's calls. @type {Line[]} */
    lines: Line[];
    /** Whether this tab holds the phone. */
    isLeading: boolean;
    /** @type {Events["stream"]} */
    stream: Events["stream"];
    /** The microphones and loudspeakers. */
    devices: Devices;
    /** @param {Options} options */
    constructor(options: Options);
    /** The team, by name. @returns {Agent[]} */
    get agents(): Agent[];
    /** One agent. @param {string | null | undefined} userId @returns {Agent | null} */
    agent(userId: string | null | undefined): Agent | null;
    /** The live calls, the oldest first. @returns {Call[]} */
    get calls(): Call[];
    /** What this agent does, as it counts for routing. @returns {Agent | null} */
    get status(): Agent | null;
    /** The server's clock, in milliseconds. */
    get now(): number;
    /**
     * Answers a call that rings; without an id the one that rings first.
     *
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    answer(id?: string): Promise<void>;
    /**
     * Declines a call that rings.
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
     * Calls a number.
     *
     * @param {string} number E.164; blanks and brackets do no harm
     * @returns {Promise<Line>}
     * @throws {Error} whose message says what is wrong with it
     */
    dial(number: string): Promise<Line>;
    /**
     * Says whether this agent takes calls. During a call it holds afterwards.
     *
     * @param {"available" | "away" | "offline"} status
     * @returns {Promise<Agent>}
     */
    setStatus(status: "available" | "away" | "offline"): Promise<Agent>;
    /** Ends the time of wrap-up early. */
    endWrapUp(): Promise<void>;
    /**
     * Puts the phone into this tab. The tab that holds it refuses during a call.
     *
     * @returns {Promise<boolean>} whether it is here now
     */
    takeOver(): Promise<boolean>;
    /** Tries again at once, for example when the session was renewed after a `problem`. */
    retry(): void;
    /**
     * Asks the server for JSON, with the agent's session.
     *
     * @param {string} path below the workspace, for example `calls?limit=20`
     * @returns {Promise<any>}
     */
    get(path: string): Promise<any>;
    /**
     * Uses other devices; `""` is the system's choice.
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
     * Calls `listener` at every event of that name.
     *
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {(detail: Events[Name]) => void} listener
     * @returns {() => void} stops it
     */
    on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void;
    /**
     * Tells all listeners. One that throws is reported and stands in nobody's way.
     *
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {Events[Name]} detail
     */
    emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void;
}

/** The microphones and loudspeakers of this machine, and which ones the agent chose. */
declare class Devices {
    /** @type {Choice} */
    choice: Choice;
    /** Called when the choice or the devices change. */
    onChange: () => void;
    constructor();
    /** Whether the browser lets a page choose the loudspeaker. */
    get canChooseSpeaker(): boolean;
    /**
     * What there is to choose from. Before the microphone is allowed, browsers hide the names.
     *
     * @returns {Promise<{ microphones: Choosable[], speakers: Choosable[] }>}
     */
    list(): Promise<{
        microphones: Choosable[];
        speakers: Choosable[];
    }>;
    /** @param {Partial<Choice>} choice */
    choose(choice: Partial<Choice>): void;
    /** What to ask the browser for. */
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
     * Opens a microphone. If the one that is asked for is gone, it is the system's choice: browsers
     * take a device that is merely preferred for no wish at all.
     *
     * @param {any} constraints
     * @returns {Promise<MediaStream>}
     * @throws {Error} whose `name` says why, as `getUserMedia` does
     */
    open: (constraints: any) => Promise<MediaStream>;
    /**
     * Listens to the microphone and tells its level until it is stopped.
     *
     * @param {(level: number) => void} heard from 0 to 1, some 20 times a second
     * @returns {Promise<() => void>} stops it
     * @throws {Error} as `open` does
     */
    listen(heard: (level: number) => void): Promise<() => void>;
}

/**
 * What sounds where. `""` is the system's choice.
 */
type Choice = {
    microphone: string;
    speaker: string;
    ringer: string;
};

/**
 * A device to choose.
 */
type Choosable = {
    id: string;
    label: string;
};

/**
 * A number in groups that can be read. North American ones as usual there, others in threes.
 *
 * @param {string | null} number E.164
 * @returns {string}
 */
export declare function formatNumber(number: string | null): string;

/**
 * A phone number as somebody typed it, in E.164: `+`, a digit from 1 to 9, up to 14 more. Blanks,
 * brackets, dots, slashes and hyphens are left out, `00` at the start means `+`.
 *
 * @param {string} typed
 * @returns {{ number: string } | { problem: string }}
 */
export declare function parseNumber(typed: string): {
    number: string;
} | {
    problem: string;
};

/**
 * Why this agent is rung, in words.
 *
 * @param {Why | null} why
 * @returns {string}
 */
export declare function whySentence(why: Why | null): string;

/** Whether a call is not over yet. @param {Call} call */
export declare const isLive: (call: Call) => boolean;

export {};
