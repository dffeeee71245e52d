"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { LoadMore } from "@/components/data-table/load-more";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { classWords, entryStateWords, isOver } from "@/components/redrive/redrive-words";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import {
  letterClasses,
  type LetterClass,
  type RedriveEntry,
  type RedriveRun,
  signableClasses,
} from "@/server/redrive/schemas";
import { policyOf } from "@/server/auth/action-policy";
import { usePerson } from "@/components/shell/shell-context";
import { EntryHistoryDetails } from "./entry-history";
import { ReSignLetter } from "./re-sign-letter";

export type Show = "all" | "failed" | LetterClass;

/** The letters one by one: with failures, those first; by class on demand. `asked` is null until somebody chooses. */
export function EntriesPanel({
  run,
  asked,
  onAsk,
}: {
  run: RedriveRun;
  asked: Show | null;
  onAsk: (show: Show) => void;
}) {
  const trpc = useTRPC();
  const show: Show = asked ?? (run.failed > 0 ? "failed" : "all");
  const filter = show === "all" ? {} : show === "failed" ? ({ state: "failed" } as const) : { class: show };
  const query = useInfiniteQuery(
    trpc.redrive.entries.infiniteQueryOptions(
      { runId: run.id, ...filter, limit: 25 },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: isOver(run) || run.state === "planned" ? false : 5_000,
        staleTime: 0, // read anew whenever the panel is, which is once for each state of the run
      },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Letters"
      actions={
        <Field label={<span className="sr-only">Which letters</span>}>
          {(ids) => (
            <select
              {...ids}
              value={show}
              className={controlStyle}
              onChange={({ target }) =>
                onAsk(
                  target.value === "failed" ? "failed" : (letterClasses.find((one) => one === target.value) ?? "all"),
                )
              }
            >
              <option value="all">All, oldest first</option>
              <option value="failed">Those that failed</option>
              {letterClasses.map((one) => (
                <option key={one} value={one}>
                  {classWords[one].label}
                </option>
              ))}
            </select>
          )}
        </Field>
      }
      state={panelStateOf(query, { when: rows.length === 0, sentence: "There are none of these." })}
    >
      <Table label="Dead letters of this list" stacked>
        <TableHead>
          <tr>
            <TableHeader>Letter</TableHeader>
            <TableHeader>Class</TableHeader>
            <TableHeader>Event</TableHeader>
            <TableHeader>{run.state === "planned" ? "What can be done" : "What became of it"}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((entry) => (
            <EntryRow key={entry.n} run={run} entry={entry} />
          ))}
        </TableBody>
      </Table>
      <LoadMore shown={rows.length} one="letter" many="letters" query={query} />
    </Panel>
  );
}

const signable: ReadonlySet<LetterClass> = new Set(signableClasses);

function EntryRow({ run, entry }: { run: RedriveRun; entry: RedriveEntry }) {
  const person = usePerson();
  const maySign =
    (isOver(run) || run.state === "planned") &&
    run.stream === "caracal.audit.events.dlq" &&
    policyOf("re-sign-event").roles.some((role) => person.roles.includes(role));
  return (
    <TableRow>
      <TableCell>
        <CopyText text={entry.entryId} what="entry id" whole />
        <span className="block font-mono text-xs text-muted-foreground">{entry.cause}</span>
      </TableCell>
      <TableCell className="sm:min-w-56">
        {classWords[entry.class].label}
        <span className="block text-xs text-muted-foreground">{entry.why}</span>
        {entry.subject === null ? null : <Subject subject={entry.subject} />}
      </TableCell>
      <TableCell name="Event">
        {entry.eventId === null ? (
          <span className="text-muted-foreground">none</span>
        ) : (
          <CopyText text={entry.eventId} what="event id" />
        )}
      </TableCell>
      <TableCell name={run.state === "planned" ? "What can be done" : "What became of it"} className="sm:min-w-56">
        <span className={entry.state === "failed" ? "font-semibold" : undefined}>
          {entryStateWords(entry, run.state === "planned")}
        </span>
        {entry.newId === null ? null : (
          <span className="block text-xs">
            as <CopyText text={entry.newId} what="new id" whole />
          </span>
        )}
        {entry.outcome === null ? null : <span className="block text-xs text-muted-foreground">{entry.outcome}</span>}
        {maySign && entry.state === "listed" && signable.has(entry.class) ? (
          <ReSignLetter run={run} entry={entry} />
        ) : null}
        <EntryHistoryDetails stream={run.stream} entryId={entry.entryId} />
      </TableCell>
    </TableRow>
  );
}

function Subject({ subject }: { subject: NonNullable<RedriveEntry["subject"]> }) {
  const parts = [
    ["mandate", subject.jti],
    ["client", subject.client],
    ["resource", subject.resource],
  ] as const;
  return (
    <ul className="mt-1 text-xs">
      {parts.map(([name, value]) =>
        value === null ? null : (
          <li key={name}>
            <span className="text-muted-foreground">{name}</span> <CopyText text={value} what={name} />
          </li>
        ),
      )}
    </ul>
  );
}
