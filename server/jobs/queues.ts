/** The durable queue of revocation rounds. */
export const revokeRoundQueue = "revoke-round";

/** Every durable queue; made at migration time by the owner, since the running role may not create tables. */
export const queues = [revokeRoundQueue] as const;
