"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import type { PostMortemView } from "@/server/post-mortem/schemas";

/** Who has signed this text, and whether the viewer may. A signature is for these bytes: any change leaves it behind. */
export function Signatures({ view, mayWrite }: { view: PostMortemView; mayWrite: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const incidentId = view.incident.id;
  const settled = {
    onSettled: () => client.invalidateQueries({ queryKey: trpc.postMortems.pathKey() }),
  };
  const sign = useMutation(trpc.postMortems.signOff.mutationOptions(settled));
  const withdraw = useMutation(trpc.postMortems.withdrawSignOff.mutationOptions(settled));
  const mine = view.signatures.some((one) => one.person.id === person.id);
  const why = mayWrite
    ? view.may.sign.why
    : "Signing needs one of the roles responder, approver, security, compliance or admin.";
  const problem = sign.error ?? withdraw.error;
  return (
    <Panel title="Sign-off" note={`${Math.min(2, view.signatures.length)} of 2`}>
      <div className="flex flex-col gap-3 px-3 py-3">
        {view.signatures.length === 0 ? <p className="text-muted-foreground">Nobody has signed this text.</p> : null}
        <ul className="flex flex-col gap-1">
          {view.signatures.map((one) => (
            <li key={one.person.id}>
              {one.person.name} signed <TimeStamp at={one.signedAt} />
            </li>
          ))}
        </ul>
        <p className="text-xs text-muted-foreground">
          SHA-256 of this text <CopyText text={view.digest} what="digest" />
        </p>
        {problem === null ? null : <Refusal>{reasonOf(problem)}</Refusal>}
        {mine ? (
          <Button size="sm" disabled={withdraw.isPending} onClick={() => withdraw.mutate({ incidentId })}>
            Take my signature back
          </Button>
        ) : why === null ? (
          <Button
            variant="primary"
            disabled={sign.isPending}
            onClick={() => sign.mutate({ incidentId, revision: view.revision, digest: view.digest })}
          >
            Sign this text
          </Button>
        ) : (
          <p className="text-muted-foreground">{why}</p>
        )}
      </div>
    </Panel>
  );
}
