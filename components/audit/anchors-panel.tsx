"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

/** Heads of the chains as the console saw them: what contradicts a cut tail and a rewrite with the key. */
export function AnchorsPanel() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const query = useQuery(trpc.audit.anchors.queryOptions(undefined, { refetchInterval: 15_000 }));
  const anchor = useMutation(
    trpc.audit.anchorNow.mutationOptions({
      onSuccess: ({ moved }) => {
        toast.success(
          moved === 0 ? "Nothing has moved since the last anchoring." : `Heads of ${moved} chains anchored.`,
        );
        return client.invalidateQueries({ queryKey: trpc.audit.anchors.queryKey() });
      },
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  const newest = query.data?.newest ?? null;
  const places = query.data?.places ?? [];
  return (
    <Panel
      title="Heads anchored"
      note="every ten minutes, and now"
      actions={
        mayCall("audit.anchorNow", person.roles) ? (
          <Button size="sm" disabled={anchor.isPending} onClick={() => anchor.mutate()}>
            Anchor now
          </Button>
        ) : null
      }
      state={panelStateOf(query, { when: newest === null, sentence: "Nothing is anchored yet." })}
    >
      {newest === null ? null : (
        <div className="flex flex-col gap-1 px-3 py-2">
          <p>
            Number {newest.n.toLocaleString("en-US")}, {newest.zones} {newest.zones === 1 ? "head" : "heads"}, by{" "}
            {newest.by} <TimeStamp at={newest.at} />
          </p>
          {places.length === 0 ? (
            <p className="text-muted-foreground">
              Kept in this console's database and in evidence bundles only: set AUDIT_ANCHORS_FILE or
              AUDIT_ANCHORS_WEBHOOK_URL to keep them outside too.
            </p>
          ) : null}
          {places.map(({ place, waiting, triedAt, problem }) => (
            <p key={place} role={problem === null ? undefined : "alert"}>
              Outside, by {place}:{" "}
              {problem ?? (waiting === 0 ? "it has all of them" : `${waiting.toLocaleString("en-US")} not written yet`)}
              {triedAt === null ? null : (
                <>
                  {" "}
                  <TimeStamp at={triedAt} />
                </>
              )}
            </p>
          ))}
        </div>
      )}
    </Panel>
  );
}
