"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CommandBlock } from "@/components/lib/command-block";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { AuditOverview, AuditQuestion } from "@/server/audit/schemas";
import { AuditHistogram } from "./histogram";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** The planner's estimate in words, rounded to what it is worth, with what it knows nothing of. */
export function estimateWords({ estimate, leftOut }: Pick<AuditOverview, "estimate" | "leftOut">): string {
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, estimate))) - 1);
  const rounded = Math.round(estimate / digits) * digits;
  const without = leftOut.length === 0 ? "" : `, before ${leftOut.join(" and ")}`;
  return `about ${number.format(rounded)} events${without}, by Postgres's statistics`;
}

/** How many events a search is about, by estimate; when they were; and the same by hand. */
export function Overview({
  question,
  onNarrow,
}: {
  question: AuditQuestion;
  onNarrow: (since: string, until: string) => void;
}) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.audit.overview.queryOptions(question, { placeholderData: keepPreviousData, staleTime: 30_000 }),
  );
  const found = query.data;
  const histogram = found?.histogram ?? null;
  const estimated = histogram?.buckets.some((bucket) => bucket.how === "estimated") ?? false;
  return (
    <Panel
      title="By time"
      note={found === undefined ? null : estimateWords(found)}
      state={panelStateOf(query, { when: false, sentence: "" })}
    >
      {histogram === null ? (
        <p className="px-3 py-3 text-muted-foreground">
          There are too many zones to look at each. Pick a zone to see when its events were.
        </p>
      ) : (
        <AuditHistogram histogram={histogram} onNarrow={onNarrow} />
      )}
      <div className="flex flex-col gap-2 px-3 pb-3 text-xs text-muted-foreground">
        <p>
          {estimated
            ? "Striped bars are estimated: only the newest events of each were looked at, the rest is Postgres's statistics."
            : "Every event of these bars was looked at."}
          {question.text === undefined ? "" : " Bars leave the text out."}
        </p>
        <details>
          <summary className="cursor-pointer">The same by hand</summary>
          <div className="mt-2 text-foreground">
            <CommandBlock command={found?.sql ?? ""} title="SQL of this search" caption={false} />
          </div>
        </details>
      </div>
    </Panel>
  );
}
