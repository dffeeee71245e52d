"use client";

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleHelp, OctagonAlert } from "lucide-react";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Fact, Facts } from "@/components/wizard/facts";
import type { EventVerdict, NeighbourRow } from "@/server/audit/schemas";
import { eventHref } from "./event-href";
import { hashWords, linkWords, sealWords, signatureWords, streamWords, verdictWords } from "./verdict-words";

const icons = { Proved: CircleCheck, "Tampered with": OctagonAlert } as const;

/** What is proved of the event now, witness by witness, and its neighbours in the chain. */
export function Verdict({ id, occurredAt }: { id: string; occurredAt: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.verdict.queryOptions({ id, occurredAt }));
  return (
    <Panel title="Verdict" state={panelStateOf(query, { when: false, sentence: "" })}>
      {query.data === undefined ? null : <Said verdict={query.data} />}
    </Panel>
  );
}

function Said({ verdict }: { verdict: EventVerdict }) {
  const { word, sentence } = verdictWords(verdict);
  const Icon = icons[word as keyof typeof icons] ?? CircleHelp;
  return (
    <div className="flex flex-col gap-3 px-3 py-3">
      <p className="flex items-start gap-2">
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span>
          <strong>{word}.</strong> {sentence}
        </span>
      </p>
      {verdict.changed.length === 0 ? null : <Changed changed={verdict.changed} />}
      <Facts>
        <Fact name="Content hash">{hashWords[verdict.hash]}</Fact>
        <Fact name="Chain seal">{sealWords[verdict.seal]}</Fact>
        <Fact name="Signature at ingest">{signatureWords[verdict.signature]}</Fact>
        <Fact name="Stream">{streamWords(verdict.stream)}</Fact>
        <Fact name="Link to the row before">
          {linkWords(verdict.previous.link, true)} <Neighbours rows={verdict.previous.rows} />
        </Fact>
        <Fact name="Link to the next row">
          {linkWords(verdict.next.link, false)} <Neighbours rows={verdict.next.rows} />
        </Fact>
      </Facts>
    </div>
  );
}

function Neighbours({ rows }: { rows: readonly NeighbourRow[] }) {
  return rows.map((row) => (
    <Link key={row.id} href={eventHref(row)} className="mr-2 text-accent underline underline-offset-2">
      seq {row.chainSeq}: {row.eventType}, {row.decision}
    </Link>
  ));
}

function Changed({ changed }: { changed: EventVerdict["changed"] }) {
  return (
    <table className="w-full text-left text-xs">
      <caption className="mb-1 text-left">Stored now against what was signed</caption>
      <thead>
        <tr className="border-b">
          <th className="py-1 pr-3 font-medium">Column</th>
          <th className="py-1 pr-3 font-medium">Stored</th>
          <th className="py-1 font-medium">Signed</th>
        </tr>
      </thead>
      <tbody className="font-mono">
        {changed.map(({ column, stored, signed }) => (
          <tr key={column} className="border-b align-top">
            <td className="py-1 pr-3 break-all">{column}</td>
            <td className="py-1 pr-3 break-all">{stored ?? "null"}</td>
            <td className="py-1 break-all">{signed ?? "null"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
