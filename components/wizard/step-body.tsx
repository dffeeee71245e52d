"use client";

import { StrongerBrakes } from "@/components/brakes/stronger-brakes";
import { BlastStep } from "@/components/wizard/blast-step";
import { DoneStep } from "@/components/wizard/done-step";
import { IdentifyStep } from "@/components/wizard/identify-step";
import { RevokeStep } from "@/components/wizard/revoke-step";
import { exposureRunsUntil, type StepState } from "@/components/wizard/run-model";
import type { RunActs } from "@/components/wizard/use-run-acts";
import { VerifyStep } from "@/components/wizard/verify-step";
import { WaitStep } from "@/components/wizard/wait-step";
import type { RunView } from "@/server/playbooks/schemas";

/** The body of one step. The proof matrix goes to the edges of the panel; the others keep a margin. */
export function StepBody({
  run,
  step,
  mayAct,
  acts,
  now,
  onRevoked,
}: {
  run: RunView;
  step: StepState;
  mayAct: boolean;
  acts: RunActs;
  now: number;
  onRevoked: () => void;
}) {
  if (step === "verify") {
    return (
      <div className="py-3">
        <VerifyStep run={run} now={now} />
      </div>
    );
  }
  return <div className="px-4 py-3">{inner()}</div>;

  function inner() {
    switch (step) {
      case "identify":
        return <IdentifyStep run={run} />;
      case "blast_radius":
        return run.blast === null ? (
          <p role="status">The blast radius is being measured.</p>
        ) : (
          <BlastStep blast={run.blast} subjectId={run.subject.id} />
        );
      case "revoke":
        return (
          <RevokeStep
            run={run}
            mayAct={mayAct}
            onRevoke={async (reason) => {
              const done = await acts.revoke(reason);
              if (done) onRevoked();
              return done;
            }}
          />
        );
      case "wait":
        return (
          <>
            <WaitStep
              items={run.checklist}
              runsUntil={exposureRunsUntil(run, now)}
              now={now}
              mayAct={mayAct && run.state === "wait"}
              onTick={acts.tick}
              onSkip={acts.skip}
            />
            <StrongerBrakes run={run} />
          </>
        );
      default:
        return <DoneStep run={run} />;
    }
  }
}
