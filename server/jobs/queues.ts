/** Every durable queue; made at migration time by the owner, since the running role may not create tables. */
export const revokeRoundQueue = "revoke-round";

export const queues = [
  { name: revokeRoundQueue, retryLimit: 20, retryDelay: 2, retryBackoff: true, expireInSeconds: 900, retentionDays: 7 },
] as const;
