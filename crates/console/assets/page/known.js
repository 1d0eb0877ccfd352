/**
 * Whether what this page knows of the team is so now. Until the first snapshot, and while the server is
 * out of reach or refuses the agent, nothing is known.
 *
 * @param {import("../switchroom.js").Switchroom} phone
 */
export const isTeamKnown = ({ agents, readiness }) => agents.length > 0 && !BLIND.includes(readiness.code);

/** @type {import("../lib/readiness.js").ReadinessCode[]} */
const BLIND = ["insecure", "session", "refused", "server"];
