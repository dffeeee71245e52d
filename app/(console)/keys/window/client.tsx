"use client";

import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { PageTitle } from "@/components/data-table/page-title";
import { UtcWindowFilter } from "@/components/data-table/utc-window-filter";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { AllowsPanel } from "@/components/keys/window-allows";
import { IssuancesPanel } from "@/components/keys/window-issuances";
import { utcStamp } from "@/components/lib/utc";
import { Button, buttonStyle } from "@/components/ui/button";
import { windowSearch } from "./search-params";
import { typedWindow } from "./typed-window";

/** `renderedAt` (epoch ms) is where the window ends until somebody says otherwise: it stays while pages are loaded. */
export function WindowClient({ renderedAt }: { renderedAt: number }) {
  const [filter, setFilter] = useQueryStates(windowSearch);
  const [asOf, setAsOf] = useState(renderedAt);
  const window = typedWindow(filter.since, filter.until, asOf);
  const asked = window.ok ? { since: window.since, until: window.until, zoneId: filter.zone ?? undefined } : null;
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Window of the compromise"
        actions={
          asked === null ? null : (
            <a
              className={buttonStyle("outline")}
              href={`/api/exports/compromise-window?${new URLSearchParams({
                since: asked.since,
                until: asked.until,
                ...(asked.zoneId === undefined ? {} : { zoneId: asked.zoneId }),
                ...(filter.incident === null ? {} : { incidentId: filter.incident }),
              })}`}
            >
              Export as CSV
            </a>
          )
        }
      >
        Who was issued sessions while the key may have been known, and what was allowed. A forged mandate has no session
        row, so it shows among the allow events only, and only where STS was asked.
      </PageTitle>
      {filter.incident === null ? null : (
        <p>
          The export is put on the record of{" "}
          <Link href={`/incidents/${filter.incident}`} className="text-accent underline underline-offset-2">
            the incident
          </Link>
          .
        </p>
      )}
      <search className="flex flex-wrap items-start gap-3">
        <UtcWindowFilter
          first
          since={filter.since}
          until={filter.until}
          placeholder="24 hours before the end"
          onChange={(change) => void setFilter(change)}
        />
        <ZonePicker value={filter.zone} onChange={(zone) => void setFilter({ zone })} />
        {filter.until === null ? (
          <Button className="sm:mt-6" onClick={() => setAsOf(Date.now())}>
            Look again, up to now
          </Button>
        ) : null}
      </search>
      {window.ok ? (
        <p className="text-muted-foreground">
          {utcStamp(Date.parse(window.since), asOf)} up to {utcStamp(Date.parse(window.until), asOf)}
        </p>
      ) : (
        <p role="alert">{window.problem}</p>
      )}
      {asked === null ? null : (
        <>
          <IssuancesPanel asked={asked} />
          <AllowsPanel asked={asked} />
        </>
      )}
    </div>
  );
}
