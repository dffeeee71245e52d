"use client";

import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { type RouterOutputs, useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { ConfirmAct } from "@/components/wizard/confirm-act";

type SignIn = RouterOutputs["system"]["signIns"]["rows"][number];

/** Everybody's sign-ins, newest first; an admin can end any of them, which counts from the next request on. */
export function SignIns({ allowed }: { allowed: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const query = useInfiniteQuery(
    trpc.system.signIns.infiniteQueryOptions(
      {},
      { enabled: allowed, getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const end = useMutation(
    trpc.system.endSignIn.mutationOptions({
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.system.signIns.pathKey() }),
    }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const columns: readonly DataColumn<SignIn>[] = [
    {
      id: "person",
      header: "Person",
      cell: (row) => (
        <>
          {row.person.name} <span className="text-muted-foreground">{row.person.username}</span>
        </>
      ),
    },
    {
      id: "state",
      header: "State",
      cell: (row) => <Badge tone={row.state === "open" ? "accent" : "neutral"}>{row.state}</Badge>,
    },
    { id: "method", header: "By", cell: (row) => (row.method === "oidc" ? "identity provider" : "local account") },
    { id: "since", header: "Signed in", cell: (row) => <TimeStamp at={row.createdAt} /> },
    { id: "seen", header: "Last seen", cell: (row) => <TimeStamp at={row.lastSeenAt} /> },
    {
      id: "from",
      header: "From",
      cell: (row) => (
        <span title={row.userAgent ?? undefined} className="inline-block max-w-64 truncate align-bottom">
          {[row.address, row.userAgent].filter((part) => part !== null).join(" · ") || "not recorded"}
        </span>
      ),
    },
    {
      id: "act",
      header: <span className="sr-only">Act</span>,
      cell: (row) =>
        row.state === "open" ? (
          <ConfirmAct
            label={
              <>
                End<span className="sr-only"> the sign-in of {row.person.name}</span>
              </>
            }
            title={`End this sign-in of ${row.person.name}?`}
            confirm="Yes, end it"
            onConfirm={() =>
              end.mutateAsync({ id: row.id }).then(
                () => true,
                () => false,
              )
            }
          >
            <p>Their next request is refused and they have to sign in again. Runs they drive stay as they are.</p>
          </ConfirmAct>
        ) : null,
    },
  ];
  return (
    <Panel
      title="Sign-ins"
      note={allowed ? "Newest first" : null}
      state={
        allowed
          ? panelStateOf(query, { when: rows.length === 0, sentence: "Nobody has signed in yet." })
          : {
              kind: "not-allowed",
              ask: "Only an admin sees everybody's sign-ins. Ask one if a sign-in has to be ended.",
            }
      }
    >
      <DataTable
        label="Sign-ins"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        className="max-h-96"
        footer={<LoadMore shown={rows.length} one="sign-in" many="sign-ins" query={query} />}
      />
    </Panel>
  );
}
