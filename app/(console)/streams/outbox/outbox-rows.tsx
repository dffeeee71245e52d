"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { requestHref } from "@/components/approvals/request-model";
import { CopyText } from "@/components/lib/copy-text";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button, buttonStyle } from "@/components/ui/button";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { counted } from "@/components/wizard/run-model";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import type { OutboxPage } from "@/server/outbox/schemas";
import { EntryFields } from "../_parts/entry-fields";

type State = OutboxPage["rows"][number]["state"];
const most = 100; // that one request may name

const emptyWords: Readonly<Record<State, string>> = {
  waiting: "No row waits without having failed.",
  failing: "No row has failed and is tried again.",
  dead: "No row was given up on.",
};

/** The rows of an outbox in a state; dead ones can be chosen and asked for. */
export function OutboxRows({
  outbox,
  state,
  states,
  onState,
}: {
  outbox: "event_outbox" | "caracal_outbox";
  state: State;
  states: readonly State[];
  onState: (state: State) => void;
}) {
  const trpc = useTRPC();
  const person = usePerson();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const query = useInfiniteQuery(
    trpc.outbox.rows.infiniteQueryOptions(
      { outbox, state, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 10_000 },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const ids = rows.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const more = query.data?.pages.at(-1)?.nextCursor != null;
  const mayAsk =
    mayCall("approvals.request", person.roles) &&
    policyOf("requeue-outbox").roles.some((role) => person.roles.includes(role));
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <Panel
      title="Rows"
      note={outbox === "event_outbox" ? "Oldest first" : "Newest first"}
      actions={states.map((one) => (
        <Button
          key={one}
          size="sm"
          aria-pressed={one === state}
          className="aria-pressed:border-accent aria-pressed:bg-accent-soft"
          onClick={() => onState(one)}
        >
          {one}
        </Button>
      ))}
      state={panelStateOf(query, { when: rows.length === 0 && !more, sentence: emptyWords[state] })}
    >
      <Table label={`Rows of ${outbox}: ${state}`} stacked>
        <TableHead>
          <tr>
            {state === "dead" ? (
              <TableHeader>
                <input
                  type="checkbox"
                  className="accent-accent"
                  aria-label="Choose every row shown"
                  checked={ids.length > 0 && ids.length === rows.length}
                  onChange={({ target }) => setChosen(new Set(target.checked ? rows.map(({ id }) => id) : []))}
                />
              </TableHeader>
            ) : null}
            <TableHeader>Row and stream</TableHeader>
            <TableHeader>Written</TableHeader>
            <TableHeader>Attempts, and the next</TableHeader>
            <TableHeader>Last error</TableHeader>
            <TableHeader>What it says</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row.id}>
              {state === "dead" ? (
                <TableCell>
                  <input
                    type="checkbox"
                    className="accent-accent"
                    aria-label={`Choose ${row.id}`}
                    checked={chosen.has(row.id)}
                    onChange={(event) => choose(row.id, event.target.checked)}
                  />
                </TableCell>
              ) : null}
              <TableCell name="Row">
                <CopyText text={row.id} what="row id" />
                <span className="block font-mono text-xs">{row.stream}</span>
              </TableCell>
              <TableCell name="Written">
                <TimeStamp at={row.createdAt} />
              </TableCell>
              <TableCell name="Attempts">
                <NumberCell value={row.attempts} />, next{" "}
                {row.state === "dead" || row.availableAt === null ? "never" : <TimeStamp at={row.availableAt} />}
              </TableCell>
              <TableCell name="Last error" className="break-words sm:min-w-48">
                {row.lastError ?? <span className="text-muted-foreground">none kept</span>}
              </TableCell>
              <TableCell>
                <EntryFields fields={Object.fromEntries(Object.entries(row.payload).map(([k, v]) => [k, String(v)]))} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {more ? (
        <div className="border-t px-3 py-2">
          <Button size="sm" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {rows.length === 0 ? "Look through older rows" : "Show more"}
          </Button>
        </div>
      ) : null}
      {state === "dead" ? (
        <div className="flex flex-wrap items-center gap-2 border-t px-3 py-2">
          <Button
            size="sm"
            className="sm:hidden"
            onClick={() => setChosen(new Set(ids.length === rows.length ? [] : rows.map(({ id }) => id)))}
          >
            {ids.length === rows.length ? "Choose none" : "Choose every row shown"}
          </Button>
          <p role="status" className="mr-auto text-xs text-muted-foreground">
            {ids.length === 0
              ? "Choose rows to have them tried again; that takes two people."
              : `${counted(ids.length, "row")} chosen.${ids.length > most ? ` One request names ${most} at most.` : ""}`}
          </p>
          {!mayAsk ? (
            <p className="text-xs text-muted-foreground">Asking for it needs the role responder or security.</p>
          ) : ids.length > 0 && ids.length <= most ? (
            <Link href={requestHref("requeue-outbox", { outbox, ids })} className={buttonStyle("primary")}>
              Ask to try them again
            </Link>
          ) : null}
        </div>
      ) : null}
    </Panel>
  );
}
