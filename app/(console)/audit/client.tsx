"use client";

import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { PageTitle } from "@/components/data-table/page-title";
import { useRowKeys } from "@/components/data-table/use-row-keys";
import { buttonStyle } from "@/components/ui/button";
import { EventBeside } from "./_event/event-body";
import { EventList } from "./event-list";
import { ExportPanel } from "./export-panel";
import { AuditFilters } from "./filters";
import { Overview } from "./overview";
import { type AuditFilter, questionOf } from "./question-of";
import { auditSearch } from "./search-params";

const firstPage = { asof: null, page: null, way: null } as const;

/** `renderedAt` (epoch ms) is where preset windows end until the operator searches again or turns a page. */
export function AuditClient({ renderedAt }: { renderedAt: number }) {
  const [filter, setFilter] = useQueryStates(auditSearch, { history: "push" });
  const [asOf, setAsOf] = useState(renderedAt);
  const asked = questionOf(filter, asOf);
  const open = filter.event === null ? null : { id: filter.event, occurredAt: filter.at };
  const close = () => void setFilter({ event: null, at: null });
  useRowKeys(open === null ? null : close);
  const narrow = (change: Partial<AuditFilter>) => void setFilter({ ...firstPage, ...change });
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Audit"
        actions={
          <>
            <Link href="/audit/checks" className={buttonStyle("outline")}>
              Check the chain
            </Link>
            <Link href="/audit/archive" className={buttonStyle("outline")}>
              Compare with the archive
            </Link>
            <Link
              href={`/evidence/preserve${filter.zone === null ? "" : `?zone=${encodeURIComponent(filter.zone)}`}`}
              className={buttonStyle("outline")}
            >
              Preserve evidence
            </Link>
          </>
        }
      >
        Decisions as stored, newest first. Every search has a window, because the table is kept by month and nothing may
        read it whole.
      </PageTitle>
      <AuditFilters filter={filter} set={narrow} />
      {asked.ok && !filter.tail ? (
        <Overview question={asked.question} onNarrow={(since, until) => narrow({ since, until })} />
      ) : null}
      <div className={open === null ? "" : "grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(22rem,2fr)]"}>
        {open === null ? null : (
          <div className="xl:order-2">
            <EventBeside id={open.id} occurredAt={open.occurredAt} onClose={close} />
          </div>
        )}
        <div className="flex min-w-0 flex-col gap-4">
          <EventList
            filter={filter}
            asked={asked}
            acts={{
              onOpen: (row) => void setFilter({ event: row.id, at: row.occurredAt }),
              onPage: (page, way) =>
                void setFilter({
                  page,
                  way,
                  asof: filter.until === null ? (filter.asof ?? new Date(asOf).toISOString()) : null,
                }),
              onFirst: () => {
                setAsOf(Date.now());
                narrow({});
              },
              onTail: (tail) => {
                setAsOf(Date.now());
                narrow({ tail });
              },
              onColumns: (cols) => void setFilter({ cols }),
            }}
          />
          {asked.ok && !filter.tail ? <ExportPanel question={asked.question} /> : null}
        </div>
      </div>
    </div>
  );
}
