"use client";

import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { counted, openItems, openRound, sweepIsNext, type StepState, verifyLacks } from "@/components/wizard/run-model";
import type { RunActs } from "@/components/wizard/use-run-acts";
import type { RunView } from "@/server/playbooks/schemas";

/** The acts that the shown step offers: at most one of them primary. The revoke step brings its own form. */
export function StepAction({
  run,
  step,
  now,
  mayAct,
  acts,
  onShow,
}: {
  run: RunView;
  step: StepState;
  now: number;
  mayAct: boolean;
  acts: RunActs;
  onShow: (step: StepState | null) => void;
}) {
  const blocked = !mayAct || acts.sending;
  if (step === "blast_radius" && run.state === "blast_radius") {
    return (
      <Bar>
        <Button variant="primary" onClick={() => onShow("revoke")}>
          Go on to revoke
        </Button>
        <Button disabled={blocked} onClick={() => void acts.confirmSubject()}>
          Measure again
        </Button>
        <span className="text-muted-foreground">Nothing happens yet: the next step says what will.</span>
      </Bar>
    );
  }
  if (step !== run.state) return null;
  if (step === "identify") {
    return (
      <Bar>
        <Button variant="primary" disabled={blocked} onClick={() => void acts.confirmSubject()}>
          This is the subject, measure the blast radius
        </Button>
      </Bar>
    );
  }
  if (step === "verify") return <VerifyAction run={run} blocked={blocked} acts={acts} />;
  if (step === "wait") return <WaitAction run={run} now={now} blocked={blocked} acts={acts} />;
  return null;
}

function VerifyAction({ run, blocked, acts }: { run: RunView; blocked: boolean; acts: RunActs }) {
  const working = openRound(run) !== null;
  const lacks = verifyLacks(run);
  const sweepFirst = !working && sweepIsNext(run);
  return (
    <Bar>
      <Button
        variant={sweepFirst ? "outline" : "primary"}
        disabled={blocked || lacks.length > 0}
        onClick={() => void acts.startWaiting()}
      >
        Go on to wait
      </Button>
      <RoundActs run={run} blocked={blocked || working} acts={acts} sweepFirst={sweepFirst} />
      {lacks.length === 0 ? null : (
        <span className="basis-full text-muted-foreground">
          The step stays open: {lacks.join("; ")}. A gateway that misses some does not keep it open: publish again to
          fill it.
        </span>
      )}
    </Bar>
  );
}

function RoundActs({
  run,
  blocked,
  acts,
  sweepFirst,
}: {
  run: RunView;
  blocked: boolean;
  acts: RunActs;
  sweepFirst: boolean;
}) {
  return (
    <>
      <ConfirmAct
        label="Sweep again"
        variant={sweepFirst ? "primary" : "outline"}
        disabled={blocked}
        title="Sweep again?"
        confirm="Yes, sweep again"
        onConfirm={() => acts.sweepAgain()}
      >
        <p>
          Looks for sessions of {run.subject.id} that were minted since the last round and revokes those too, for the
          same reason. Sessions that are already revoked are not touched.
        </p>
      </ConfirmAct>
      <ConfirmAct
        label="Publish again"
        disabled={blocked}
        title="Publish again?"
        confirm="Yes, publish again"
        onConfirm={() => acts.publishAgain()}
      >
        <p>
          Puts every revocation of this run on the stream again, in a shuffled order, until each gateway replica counts
          every session. It is harmless: consumers take a second copy as nothing. {run.lane.note}
        </p>
      </ConfirmAct>
    </>
  );
}

function WaitAction({ run, now, blocked, acts }: { run: RunView; now: number; blocked: boolean; acts: RunActs }) {
  const open = openItems(run, now);
  const working = openRound(run) !== null;
  return (
    <Bar>
      <Button variant="primary" disabled={blocked || working || open.length > 0} onClick={() => void acts.finish()}>
        Finish the run
      </Button>
      <RoundActs run={run} blocked={blocked || working} acts={acts} sweepFirst={false} />
      {open.length > 0 ? (
        <span className="basis-full text-muted-foreground">
          {counted(open.length, "item")} still open: do what they say, or skip with a reason.
        </span>
      ) : null}
    </Bar>
  );
}

function Bar({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-2 border-t px-4 py-3">{children}</div>;
}
