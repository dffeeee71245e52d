"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { toast } from "sonner";
import { amountText, scopeText, stateTone, stateWord, storeWords } from "@/components/evidence/vault-words";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { mayCall } from "@/server/auth/policy";
import { type ItemView, partWords } from "@/server/evidence/vault/schemas";
import { CustodyPanel } from "./custody-panel";
import { FilesPanel } from "./files-panel";
import { HandOver } from "./hand-over";

const link = "text-accent underline underline-offset-2 hover:text-foreground";

export function ItemClient({ initial }: { initial: ItemView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const router = useRouter();
  const person = usePerson();
  const itemId = initial.id;
  const query = useQuery(
    trpc.vault.get.queryOptions(
      { itemId },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.finishedAt === null ? 1_000 : 30_000) },
    ),
  );
  const item = query.data;
  const again = () => client.invalidateQueries({ queryKey: trpc.vault.get.queryKey({ itemId }) });
  const { mutate: noteView } = useMutation(trpc.vault.view.mutationOptions({ onSuccess: again }));
  // Looking is an act of its own: it goes on the custody log, which a page that is only fetched ahead must not do
  useEffect(() => noteView({ itemId }), [noteView, itemId]);
  const failed = (error: unknown) => {
    toast.error(reasonOf(error));
    return false;
  };
  const cancelling = useMutation(trpc.vault.cancel.mutationOptions({ onSettled: again }));
  const redoing = useMutation(
    trpc.vault.redo.mutationOptions({ onSuccess: (made) => router.push(`/evidence/items/${made.itemId}`) }),
  );
  const verifying = useMutation(trpc.vault.verify.mutationOptions({ onSettled: again, onError: failed }));
  const notWhole = item.state === "partial" || item.state === "failed" || item.state === "cancelled";
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="text-xs text-muted-foreground">
            <Link href="/evidence" className={link}>
              Evidence
            </Link>
          </p>
          <h1 className="flex flex-wrap items-center gap-2">
            {scopeText(item.scope)}
            <Badge tone={stateTone(item)}>{stateWord(item)}</Badge>
          </h1>
          <p className="text-muted-foreground">
            Ordered by {item.requestedBy} <TimeStamp at={item.requestedAt} date="always" />: {item.reason}
          </p>
        </div>
        {item.finishedAt === null && !item.cancelAsked && mayCall("vault.cancel", person.roles) ? (
          <ConfirmAct
            label="Stop"
            title="Stop this preservation?"
            confirm="Yes, stop it"
            onConfirm={() => cancelling.mutateAsync({ itemId }).then(() => true, failed)}
          >
            <p>What is written until then stays in the vault and is not whole. The same can be ordered anew.</p>
          </ConfirmAct>
        ) : null}
        {notWhole && item.redoneAs === null && mayCall("vault.redo", person.roles) ? (
          <ConfirmAct
            label="Preserve anew"
            variant="primary"
            title="Preserve the same anew?"
            confirm="Yes, preserve it"
            onConfirm={() => redoing.mutateAsync({ itemId }).then(() => true, failed)}
          >
            <p>
              It is read anew, as Caracal's Postgres and Redis are now, and written to a place of its own. What this
              item holds stays as it is.
            </p>
          </ConfirmAct>
        ) : null}
        {item.files.length > 0 && item.state !== "removed" && mayCall("vault.verify", person.roles) ? (
          <Button disabled={verifying.isPending} onClick={() => verifying.mutate({ itemId })}>
            {verifying.isPending ? "Reading every file" : "Verify again"}
          </Button>
        ) : null}
        {item.state === "whole" && mayCall("vault.handOver", person.roles) ? (
          <HandOver itemId={itemId} onDone={again} />
        ) : null}
      </header>
      <Standing item={item} />
      <FilesPanel item={item} />
      <CustodyPanel lines={item.custody} />
    </div>
  );
}

function Standing({ item }: { item: ItemView }) {
  return (
    <Panel title="How it stands">
      <div className="flex flex-col gap-2 px-3 py-3">
        <p role="status" className="font-medium tabular-nums">
          {amountText(item)}
        </p>
        {item.mismatches === 0 ? null : (
          <p role="alert" className="font-medium">
            {item.mismatches === 1 ? "One file is" : `${item.mismatches} files are`} not what was preserved. Below it
            says which. Such a file is given to nobody.
          </p>
        )}
        {item.error === null ? null : <p role="alert">Not whole: {item.error}</p>}
        {item.missing.map(({ what, why }) => (
          <p key={what}>
            Not preserved: {what}. {why}
          </p>
        ))}
        {item.redoneAs === null ? null : (
          <p>
            It was begun anew:{" "}
            <Link href={`/evidence/items/${item.redoneAs}`} className={link}>
              open that one
            </Link>
            .
          </p>
        )}
        {item.redoOf === null ? null : (
          <p>
            It was begun because{" "}
            <Link href={`/evidence/items/${item.redoOf}`} className={link}>
              an earlier one
            </Link>{" "}
            did not become whole.
          </p>
        )}
        <Facts>
          <Fact name="Incident">
            {item.incident === null ? (
              "none"
            ) : (
              <Link href={`/incidents/${item.incident.id}`} className={link}>
                INC-{item.incident.number}
              </Link>
            )}
          </Fact>
          <Fact name="Parts">{item.scope.parts.map((part) => partWords[part]).join("; ")}</Fact>
          <Fact name="Lies in">{item.scope.stores.map((store) => storeWords[store]).join(" and ")}</Fact>
          {item.manifestSha256 === null ? null : (
            <Fact name="Digest of its list">
              <CopyText text={item.manifestSha256} what="digest" whole />
            </Fact>
          )}
          {item.keyFingerprint === null ? null : (
            <Fact name="Signed with">
              <CopyText text={item.keyFingerprint} what="fingerprint" />
            </Fact>
          )}
          {item.manifestSha256 === null ? null : (
            <Fact name="Time stamp">{item.timeStamp ?? "none: no authority is configured"}</Fact>
          )}
        </Facts>
      </div>
    </Panel>
  );
}
