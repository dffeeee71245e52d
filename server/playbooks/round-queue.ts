/** Hands a recorded round to a worker. Losing the hand-over loses nothing: open rounds are found again by every replica. */
export type RoundQueue = { enqueueRound(runId: string, round: number): Promise<void> };
