import { TriangleAlert } from "lucide-react";
import { TimeStamp } from "@/components/lib/time-stamp";
import { GatewayLines } from "@/components/wizard/gateway-lines";
import { ProofMatrix } from "@/components/wizard/proof-matrix";
import { waitingGroups } from "@/components/wizard/proof-model";
import { RoundsList } from "@/components/wizard/rounds-list";
import type { RunView } from "@/server/playbooks/schemas";

/** What has been proved and what is still missing, by whom, since when. `now` in epoch ms. */
export function VerifyStep({ run, now }: { run: RunView; now: number }) {
  const { proof } = run;
  if (proof === null) {
    return (
      <div className="flex flex-col gap-3 px-4">
        <p role="status">Nothing has been observed yet. The first look comes within a few seconds.</p>
        <RoundsList rounds={run.rounds} />
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-baseline gap-x-3 px-4">
        <p role="status" className="text-base font-semibold">
          {proof.summary}
        </p>
        <span className="text-xs text-muted-foreground">
          looked <TimeStamp at={proof.observedAt} />
        </span>
      </div>
      <Troubles proof={proof} now={now} />
      <div className="border-y">
        <ProofMatrix proof={proof} now={now} />
      </div>
      <section aria-label="Gateway replicas" className="px-4">
        <GatewayLines gateways={run.proof?.gateways ?? []} />
      </section>
      <section aria-label="Rounds" className="px-4">
        <RoundsList rounds={run.rounds} />
      </section>
    </div>
  );
}

function Troubles({ proof, now }: { proof: NonNullable<RunView["proof"]>; now: number }) {
  const waits = waitingGroups(proof, now);
  const live =
    proof.live === 0
      ? []
      : [
          `${proof.live} more ${proof.live === 1 ? "session is" : "sessions are"} active and unexpired for this subject, minted since. Sweep again.`,
        ];
  const lines = [...proof.trouble, ...live, ...waits, ...(proof.signatureNote === null ? [] : [proof.signatureNote])];
  if (lines.length === 0) return null;
  return (
    <ul aria-label="What is missing" className="flex flex-col gap-1 px-4">
      {lines.map((line) => (
        <li key={line} className="flex items-baseline gap-2">
          <TriangleAlert aria-hidden className="size-3.5 shrink-0 self-center" />
          {line}
        </li>
      ))}
    </ul>
  );
}
