import type { RunState, RunView } from "@/server/playbooks/schemas";

/** The steps of "Revoke a compromised session", in order, as the column on the left shows them. */
export const runSteps = [
  { state: "identify", label: "Identify" },
  { state: "blast_radius", label: "Blast radius" },
  { state: "revoke", label: "Revoke" },
  { state: "verify", label: "Verify" },
  { state: "wait", label: "Wait" },
  { state: "done", label: "Done" },
] as const satisfies readonly { state: RunState; label: string }[];

export type StepState = (typeof runSteps)[number]["state"];
export type StepMark = "done" | "current" | "todo" | "never";
export type StepLine = {
  readonly state: StepState;
  readonly number: number;
  readonly label: string;
  readonly mark: StepMark;
  readonly open: boolean; // may be looked at: reached, or the act that comes next and is still to be decided
  readonly at: string | null;
  readonly summary: string | null;
};

/** "1 session", "14 sessions": counts are never left without their unit. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/**
 * What the step column shows for a run: which steps are over, which one is open, when each began and its result in a few words.
 * `now` in epoch ms: what ends by itself counts as settled once it is over. An abandoned run keeps the steps it entered as done and marks the rest as never reached.
 */
export function stepLines(run: RunView, now = 0): readonly StepLine[] {
  const position = runSteps.findIndex((step) => step.state === run.state);
  return runSteps.map((step, index) => {
    const mark = markOf(run, step.state, index, position);
    return {
      state: step.state,
      number: index + 1,
      label: step.label,
      mark,
      open: mark === "done" || mark === "current" || (step.state === "revoke" && run.state === "blast_radius"),
      at: run.stepTimes[step.state] ?? null,
      summary: summaryOf(run, step.state, now),
    };
  });
}

function markOf(run: RunView, state: StepState, index: number, position: number): StepMark {
  if (run.state === "abandoned") return run.stepTimes[state] === undefined ? "never" : "done";
  if (run.state === "done" || index < position) return "done";
  return index === position ? "current" : "todo";
}

function summaryOf(run: RunView, state: StepState, now: number): string | null {
  if (state === "identify") return `subject ${run.subject.id}, zone ${run.zone.name}`;
  if (state === "blast_radius" && run.blast !== null) {
    const sids = `${counted(run.blast.liveSessions, "live session")}${run.blast.capped ? " (ceiling reached)" : ""}`;
    return `${sids}, ${counted(run.blast.agentSessionCount, "agent session")}`;
  }
  if (state === "revoke" && run.rounds.length > 0) {
    const { revoked, published } = writtenSoFar(run);
    return `${revoked.toLocaleString("en-GB")} revoked, ${published.toLocaleString("en-GB")} published`;
  }
  if (state === "verify" && run.proof !== null) return `${run.proof.proved} of ${run.proof.total} proved`;
  if (state === "wait" && run.checklist.length > 0 && run.stepTimes.wait !== undefined) {
    const settled = run.checklist.length - openItems(run, now).length;
    return `${settled} of ${run.checklist.length} settled`;
  }
  return null;
}

/** Sums over the rounds that revoke; "publish again" rounds write nothing new, so they are left out. */
export function writtenSoFar(run: Pick<RunView, "rounds">): { readonly revoked: number; readonly published: number } {
  const writing = run.rounds.filter((round) => round.kind !== "publish-again");
  return {
    revoked: writing.reduce((sum, round) => sum + round.revoked, 0),
    published: writing.reduce((sum, round) => sum + round.published, 0),
  };
}

/** How a checklist item stands. */
export function settledBy(item: { readonly doneAt: string | null; readonly skippedReason: string | null }) {
  if (item.skippedReason !== null) return "skipped" as const;
  return item.doneAt === null ? ("open" as const) : ("done" as const);
}

/** The checklist's item for what ends by itself; the server settles it when the last timed exposure is over. */
export const waitingItem = "remaining-exposure";

/** When the last exposure that ends by itself ends; null once none runs any more. Epoch ms, like `now`. */
export function exposureRunsUntil(run: Pick<RunView, "exposure">, now: number): number | null {
  const ends = run.exposure.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Items that still keep the run from being finished. `now` in epoch ms. */
export function openItems(run: Pick<RunView, "checklist" | "exposure">, now: number) {
  const running = exposureRunsUntil(run, now) !== null;
  return run.checklist.filter((item) => settledBy(item) === "open" && (item.id !== waitingItem || running));
}

/** The round that is being worked on, if any: acts that would collide with it are not offered meanwhile. */
export function openRound(run: Pick<RunView, "rounds">) {
  return run.rounds.findLast((round) => round.state === "queued" || round.state === "running") ?? null;
}

/** The step to show: the one asked for if it can be looked at, else where the run is. */
export function shownStep(run: RunView, wanted: StepState | null): StepState {
  const lines = stepLines(run);
  const asked = lines.find((line) => line.state === wanted && line.open);
  const current = lines.find((line) => line.mark === "current") ?? lines.findLast((line) => line.mark === "done");
  return asked?.state ?? current?.state ?? "identify";
}

/** What the verify step still lacks; empty when the server would let the run go on to wait. */
export function verifyLacks(run: Pick<RunView, "proof" | "rounds">): readonly string[] {
  const { proof } = run;
  if (proof === null || proof.observedAt === null) return ["nothing has been observed yet"];
  const seenAt = proof.observedAt;
  const sweeps = run.rounds.filter((round) => round.kind !== "publish-again");
  const swept = sweeps.some(
    (round) => round.kind === "second-sweep" && round.finishedAt !== null && Date.parse(round.finishedAt) <= seenAt,
  );
  return [
    sweeps.some((round) => round.state === "queued" || round.state === "running") ? "a sweep is at work" : null,
    swept ? null : "the second sweep, for sessions minted while the first was at work, has not been made",
    proof.live > 0 ? `${counted(proof.live, "session")} minted since: sweep again` : null,
    proof.trouble.length > 0 ? "a source cannot be read right now" : null,
    proof.proved < proof.total ? `${proof.total - proof.proved} of ${proof.total} not proved` : null,
  ].filter((part) => part !== null);
}

/** True when the next thing to do is a sweep: sessions were minted since, or all is proved and no second sweep has looked. */
export function sweepIsNext(run: Pick<RunView, "proof" | "rounds">): boolean {
  const { proof } = run;
  if (proof === null || proof.trouble.length > 0) return false;
  const swept = run.rounds.some((round) => round.kind === "second-sweep");
  return proof.live > 0 || (!swept && proof.total > 0 && proof.proved === proof.total);
}

export type Standing = "driver" | "other" | "not-allowed";

/** Whether the person may act on this run now, would have to take it over first, or lacks the role. */
export function standing(run: RunView, me: { readonly id: string; readonly mayAct: boolean }): Standing {
  if (!me.mayAct) return "not-allowed";
  return run.driver.id === me.id ? "driver" : "other";
}

/** True when the run has ended, one way or the other. */
export const isOver = (run: Pick<RunView, "state">) => run.state === "done" || run.state === "abandoned";
