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
     * the contact's, if it is known
     */
    name: string | null;
    contactId: string | null;
    /**
     * the reason why this agent is rung; inbound only
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
 * Why this agent is rung, from the server's parameters.
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
     * Answers a ringing call; without an id, the first one that rings.
     *
     * @param {string} [id] of the line
     * @returns {Promise<void>}
     */
    answer(id?: string): Promise<void>;
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
     * Calls a number.
     *
     * @param {string} number in E.164; spaces and brackets are ignored
     * @returns {Promise<Line>}
     * @throws {Error} if the number cannot be called; the message says why
     */
    dial(number: string): Promise<Line>;
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
    /** How the browser shall open the microphone. */
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
 * Groups a number's digits for reading: North American ones as usual there, others in threes.
 *
 * @param {string | null} number E.164
 * @returns {string}
 */
export declare function formatNumber(number: string | null): string;

/**
 * Reads a phone number as somebody typed it, into E.164: `+`, a digit from 1 to 9, up to 14 more.
 * Spaces, brackets, dots, slashes and hyphens are ignored; `00` at the start means `+`.
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
