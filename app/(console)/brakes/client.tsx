"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { requestHref } from "@/components/approvals/request-model";
import { replaceSecretHref } from "@/components/brakes/brake-links";
import { freezeWords } from "@/components/brakes/freeze-model";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowLink } from "@/components/data-table/row-opener";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import type { FreezeView } from "@/server/brakes/schemas";

const columns: readonly DataColumn<FreezeView>[] = [
  {
    id: "zone",
    header: "Zone",
    cell: (row) => <RowLink href={`/brakes/${row.id}`}>{row.zone.name}</RowLink>,
  },
  {
    id: "state",
    header: "State",
    cell: (row) => <Badge tone={row.thawedAt === null ? "strong" : "neutral"}>{freezeWords(row)}</Badge>,
  },
  { id: "since", header: "Since", cell: (row) => <TimeStamp at={row.requestedAt} /> },
  { id: "thawed", header: "Thawed", cell: (row) => (row.thawedAt === null ? "–" : <TimeStamp at={row.thawedAt} />) },
  { id: "by", header: "Asked by", cell: (row) => row.requestedBy.name },
  { id: "why", header: "Why", className: "min-w-48 whitespace-normal", cell: (row) => row.reason },
];

const brakes = [
  { action: "freeze-zone", label: "Ask for a freeze", href: requestHref("freeze-zone"), needs: "approvals.request" },
  {
    action: "replace-application-secret",
    label: "Replace a secret",
    href: replaceSecretHref({ zone: null }),
    needs: "brakes.replaceSecret",
  },
  {
    action: "revoke-zone",
    label: "Ask for a revocation",
    href: requestHref("revoke-zone"),
    needs: "approvals.request",
  },
] as const;

export function BrakesClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const query = useInfiniteQuery(
    trpc.brakes.freezes.infiniteQueryOptions(
      {},
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 5_000, placeholderData: keepPreviousData },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Brakes">
        What stops a thief at once. A frozen zone mints nothing until it is thawed, and stays a P1 signal for as long.
      </PageTitle>
      <Panel
        title="Freezes"
        note="Open ones first"
        state={panelStateOf(query, { when: rows.length === 0, sentence: "No zone has been frozen here." })}
      >
        <DataTable
          label="Freezes"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          footer={<LoadMore shown={rows.length} one="freeze" many="freezes" query={query} />}
        />
      </Panel>
      <Panel title="What can be done">
        <ul className="flex flex-col">
          {brakes.map(({ action, label, href, needs }) => {
            const policy = policyOf(action);
            return (
              <li key={action} className="flex flex-wrap items-center gap-3 border-b px-3 py-3 last:border-0">
                <div className="min-w-0 flex-1 basis-72">
                  <h3>{policy.label}</h3>
                  <p className="max-w-prose text-muted-foreground">
                    {policy.effect} {policy.undo}{" "}
                    {policy.approval.kind === "one" ? "Takes one responder." : "Takes two people."}
                  </p>
                </div>
                {mayCall(needs, person.roles) ? (
                  <Link href={href} className={buttonStyle("outline", "md", "max-sm:h-11 max-sm:w-full")}>
                    {label}
                  </Link>
                ) : (
                  <p className="text-muted-foreground">Needs the role {policy.roles.join(" or ")}.</p>
                )}
              </li>
            );
          })}
        </ul>
      </Panel>
    </div>
  );
}
