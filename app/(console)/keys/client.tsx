"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button, buttonStyle } from "@/components/ui/button";
import { JobsPanel } from "./jobs-panel";
import { KeksPanel } from "./keks-panel";
import { ZoneKeys } from "./zone-keys";

export function KeysClient() {
  const trpc = useTRPC();
  const [zone, setZone] = useQueryState("zone", parseAsString);
  const query = useInfiniteQuery(
    trpc.keys.list.infiniteQueryOptions(
      { zoneId: zone ?? undefined, limit: 20 },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Keys"
        actions={
          <Link href="/keys/window" className={buttonStyle("outline")}>
            Window of a compromise
          </Link>
        }
      >
        Each zone signs with its highest version; the one before it still verifies, so one rotation keeps a stolen key
        trusted. Every STS replica is asked for itself: being ready says nothing about its KEK.
      </PageTitle>
      <KeksPanel />
      <JobsPanel />
      <search className="flex flex-wrap items-start gap-3">
        <ZonePicker value={zone} onChange={(next) => void setZone(next)} />
      </search>
      <Panel
        title="Signing keys by zone"
        note={
          query.dataUpdatedAt > 0 ? (
            <>
              asked <TimeStamp at={query.dataUpdatedAt} />
            </>
          ) : null
        }
        actions={
          <Button size="sm" disabled={query.isFetching} onClick={() => void query.refetch()}>
            Ask again
          </Button>
        }
        state={panelStateOf(query, {
          when: rows.length === 0,
          sentence: zone === null ? "This deployment has no zone yet." : "No such zone is recorded here.",
        })}
      >
        <ul>
          {rows.map((row) => (
            <li key={row.zone.id} className="border-b px-3 py-3 last:border-b-0">
              <ZoneKeys row={row} />
            </li>
          ))}
        </ul>
        <LoadMore shown={rows.length} one="zone" many="zones" query={query} />
      </Panel>
    </div>
  );
}
