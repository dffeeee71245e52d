"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { fileSize } from "@/components/incidents/file-size";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { YesNo } from "@/components/lib/yes-no";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button, buttonStyle } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import type { IncidentView } from "@/server/incidents/schemas";

const formats = [
  { value: "markdown", label: "Markdown" },
  { value: "html", label: "Print" },
  { value: "json", label: "JSON" },
  { value: "bundle", label: "Signed bundle" },
] as const;
const profiles = [
  { value: "full", label: "Everything" },
  { value: "shared", label: "For sharing outside: redacted" },
] as const;

/** Files that were attached, each with its digest. */
export function FilesPanel({ view }: { view: IncidentView }) {
  return (
    <Panel
      title="Files"
      state={
        view.files.length === 0
          ? { kind: "empty", sentence: "No file is attached. Attach one beside the note." }
          : undefined
      }
    >
      <ul className="px-3 py-1">
        {view.files.map((file) => (
          <li key={file.id} className="py-1">
            <a
              href={`/api/incidents/${view.id}/files?file=${file.id}`}
              className="break-all text-accent underline underline-offset-2 hover:no-underline"
            >
              {file.name}
            </a>
            <span className="block text-xs text-muted-foreground">
              {fileSize(file.size)} · {file.mediaType} · {file.addedBy}, <TimeStamp at={file.addedAt} show="time" />
            </span>
            <span className="block text-xs text-muted-foreground">
              SHA-256 <CopyText text={file.sha256} what="digest" />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Verdict({ incidentId }: { incidentId: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.incidents.verify.queryOptions({ incidentId }, { enabled: false, staleTime: Number.POSITIVE_INFINITY }),
  );
  const verdict = query.data;
  return (
    <div className="flex flex-col items-start gap-1.5">
      <Button size="sm" disabled={query.isFetching} onClick={() => void query.refetch()}>
        {query.isFetching ? "Verifying" : "Verify the record"}
      </Button>
      <div aria-live="polite" className="text-xs">
        {query.isError ? <p role="alert">{reasonOf(query.error)}</p> : null}
        {verdict === undefined ? null : (
          <div data-testid="chain-verdict">
            <p className="text-sm font-medium">
              <YesNo yes={verdict.whole} />
              {verdict.whole
                ? `All ${verdict.entries.toLocaleString("en-GB")} entries hold.`
                : `The record does not hold${verdict.firstBad === null ? "." : ` at entry ${verdict.firstBad.seq}: ${verdict.firstBad.problem}`}`}
            </p>
            <p className="text-muted-foreground">
              Head <CopyText text={verdict.head.hash} what="head" /> · looked at <TimeStamp at={verdict.checkedAt} /> ·{" "}
              {verdict.tookMs} ms
            </p>
            <p className="text-muted-foreground">
              {verdict.outsideHeads === null
                ? "No head is kept outside the database here, so a cut tail could not be noticed."
                : `${verdict.outsideHeads.checked} heads kept in ${verdict.outsideHeads.source} were compared.`}
            </p>
            {verdict.outsideHeads?.problem ? <p role="alert">{verdict.outsideHeads.problem}</p> : null}
          </div>
        )}
      </div>
    </div>
  );
}

/** The record as a whole: whether it holds, the post-mortem, and what can be taken out of it. */
export function RecordPanel({ view }: { view: IncidentView }) {
  const [profile, setProfile] = useState<(typeof profiles)[number]["value"]>("full");
  return (
    <Panel title="Record">
      <div className="flex flex-col gap-3 px-3 py-2">
        <Verdict incidentId={view.id} />
        <div>
          <Link href={`/incidents/${view.id}/post-mortem`} className={buttonStyle("outline", "sm")}>
            Post-mortem
          </Link>
        </div>
        <nav aria-label="Export" className="flex flex-wrap items-center gap-1.5">
          <Select value={profile} onChange={setProfile} options={profiles} label="What to export" className="w-full" />
          {formats.map((format) => (
            <a
              key={format.value}
              href={`/api/exports/incidents/${view.id}?format=${format.value}&profile=${profile}`}
              className={buttonStyle("outline", "sm")}
            >
              {format.label}
            </a>
          ))}
        </nav>
      </div>
    </Panel>
  );
}
