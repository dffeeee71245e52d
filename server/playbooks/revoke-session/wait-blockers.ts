import type { RunProof, RunRound } from "@/server/playbooks/schemas";

export type SweepFacts = {
  readonly kind: RunRound["kind"];
  readonly state: RunRound["state"];
  readonly finished_at: Date | null;
};

/** What verify still lacks, in words; empty when everything is proved. */
export function waitBlockers(proof: RunProof | null, rounds: readonly SweepFacts[]): string[] {
  if (proof === null || proof.observedAt === null) return ["nothing has been observed yet"];
  if (proof.trouble.length > 0) return [...proof.trouble];
  const observedAt = proof.observedAt;
  const blockers: string[] = [];
  const sweeps = rounds.filter((round) => round.kind !== "publish-again");
  if (sweeps.some((round) => round.state === "queued" || round.state === "running"))
    blockers.push("a sweep is still going on");
  const swept = rounds.some(
    (round) => round.kind === "second-sweep" && round.finished_at !== null && round.finished_at.getTime() <= observedAt,
  );
  if (!swept) blockers.push("the second sweep for sessions minted meanwhile has not been made and observed");
  if (proof.live > 0)
    blockers.push(`${proof.live} session${proof.live === 1 ? "" : "s"} of the subject live right now: sweep again`);
  if (proof.proved < proof.total) blockers.push(proof.summary);
  return blockers;
}
