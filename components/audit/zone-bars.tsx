"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { pieceWords } from "@/components/audit/bar-model";
import { ZoneBarView } from "@/components/audit/zone-bar";
import { LoadMore } from "@/components/data-table/load-more";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { CheckedZone } from "@/server/audit/checks/schemas";

const number = (value: number) => value.toLocaleString("en-US");

/** Every zone's chain from its oldest to its newest seq, the ones that are not whole first. */
export function ZoneBars() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.audit.zones.infiniteQueryOptions(
      { limit: 50 },
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 15_000 },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const sorted = [...rows].sort((a, b) => Number(a.whole) - Number(b.whole));
  return (
    <Panel
      title="Where the chain holds"
      note={`oldest to newest, one bar a zone: ${Object.values(pieceWords).join(", ")}`}
      state={panelStateOf(query, { when: rows.length === 0, sentence: "No zone has audit events." })}
    >
      <ul>
        {sorted.map((zone) => (
          <li
            key={zone.zone.id}
            className="grid gap-x-4 gap-y-1 border-b px-3 py-2 last:border-b-0 md:grid-cols-[14rem_minmax(0,1fr)]"
          >
            <div className="min-w-0">
              <p className="truncate font-medium">{zone.zone.name}</p>
              <Checked zone={zone} />
            </div>
            <ZoneBarView zone={zone} />
          </li>
        ))}
      </ul>
      <LoadMore shown={rows.length} one="zone" many="zones" query={query} />
    </Panel>
  );
}

/** How far a zone was checked, and how far that is behind. */
function Checked({ zone: { zone, checkedAt, behind, fullCheck } }: { zone: CheckedZone }) {
  return (
    <p className="text-xs text-muted-foreground">
      {zone.known ? null : "Caracal's table of zones does not know it. "}
      {checkedAt === null ? (
        "Not checked yet."
      ) : (
        <>
          {behind === 0 ? "Checked to its end" : `${number(behind)} newer rows not checked yet, checked`}{" "}
          <TimeStamp at={checkedAt} />
        </>
      )}
      {fullCheck === null ? null : (
        <>
          {" "}
          <Link href={`/audit/checks/${fullCheck.id}`} className="underline underline-offset-2">
            Whole chain
          </Link>{" "}
          <TimeStamp at={fullCheck.at} />
        </>
      )}
    </p>
  );
}
