"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { LoadMore } from "@/components/data-table/load-more";
import { amountText, scopeText, stateTone, stateWord, storeWords } from "@/components/evidence/vault-words";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";

/** What was preserved, of one incident or of all, newest first, and the way to preserve more. */
export function PreservedPanel({ incidentId = null }: { incidentId?: string | null }) {
  const trpc = useTRPC();
  const person = usePerson();
  const query = useInfiniteQuery(
    trpc.vault.list.infiniteQueryOptions(
      { incidentId },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: ({ state }) =>
          state.data?.pages.some(({ rows }) => rows.some(({ finishedAt }) => finishedAt === null)) ? 2_000 : 30_000,
      },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Preserved evidence"
      note={incidentId === null ? "Written once, signed, never changed" : undefined}
      actions={
        mayCall("vault.preserve", person.roles) ? (
          <Link
            href={`/evidence/preserve${incidentId === null ? "" : `?incident=${incidentId}`}`}
            className={buttonStyle(incidentId === null ? "primary" : "outline", "sm")}
          >
            Preserve evidence
          </Link>
        ) : null
      }
      state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing has been preserved yet." })}
    >
      <ul aria-label="Preserved evidence">
        {rows.map((item) => (
          <li
            key={item.id}
            className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
          >
            <Link href={`/evidence/items/${item.id}`} className="font-medium text-accent underline underline-offset-2">
              {scopeText(item.scope)}
            </Link>
            <Badge tone={stateTone(item)}>{stateWord(item)}</Badge>
            <span className="min-w-0 flex-1 basis-60 tabular-nums">{amountText(item)}</span>
            <span className="text-xs text-muted-foreground">
              {item.incident === null || incidentId !== null ? null : `INC-${item.incident.number} · `}
              {item.scope.stores.map((store) => storeWords[store]).join(" and ")} · {item.requestedBy}{" "}
              <TimeStamp at={item.requestedAt} />
            </span>
            {item.manifestSha256 === null ? null : (
              <span className="text-xs text-muted-foreground">
                SHA-256 <CopyText text={item.manifestSha256} what="digest" />
              </span>
            )}
          </li>
        ))}
      </ul>
      <LoadMore shown={rows.length} one="item" many="items" query={query} />
    </Panel>
  );
}
