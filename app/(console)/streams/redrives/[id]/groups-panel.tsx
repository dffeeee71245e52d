"use client";

import { useQuery } from "@tanstack/react-query";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { classWords, dryRunWords } from "@/components/redrive/redrive-words";
import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { LetterGroup, RedriveRun } from "@/server/redrive/schemas";

/** The letters of a list by class and cause. */
export const useGroups = (run: Pick<RedriveRun, "id" | "state">) =>
  useQuery(
    useTRPC().redrive.groups.queryOptions(
      { runId: run.id },
      { enabled: run.state !== "classifying", refetchInterval: run.state === "running" ? 5_000 : false, staleTime: 0 },
    ),
  );

/** The dry run: security signals first and apart, then by class and cause: how many, what will happen to them, what not and why. */
export function GroupsPanel({ run }: { run: RedriveRun }) {
  const query = useGroups(run);
  const groups = query.data ?? [];
  const planned = run.state === "planned";
  return (
    <Panel
      title={planned ? "Dry run: what would happen" : "What they are"}
      note={groups.length === 0 ? undefined : dryRunWords(groups)}
      state={
        run.state === "classifying"
          ? { kind: "loading", rows: 4 }
          : panelStateOf(query, { when: groups.length === 0, sentence: "The list is empty." })
      }
    >
      <Table label="Dead letters by class and cause" stacked>
        <TableHead>
          <tr>
            <TableHeader>Class</TableHeader>
            <TableHeader>Cause</TableHeader>
            <TableHeader numeric>Letters</TableHeader>
            <TableHeader>What happens</TableHeader>
            <TableHeader>Examples</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {groups.map((group) => (
            <GroupRow key={`${group.class} ${group.cause}`} group={group} started={run.digest !== null} />
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}

function GroupRow({ group, started }: { group: LetterGroup; started: boolean }) {
  const words = classWords[group.class];
  const tone =
    words.goes === "back"
      ? "accent"
      : words.goes === "retired"
        ? "ok"
        : group.class === "security-signal" || group.class === "conflict"
          ? "strong"
          : "neutral";
  return (
    <TableRow>
      <TableCell>
        <Badge tone={tone}>{words.label}</Badge>
      </TableCell>
      <TableCell name="Cause" className="font-mono text-xs">
        {group.cause}
      </TableCell>
      <TableCell name="Letters" numeric>
        {group.count.toLocaleString("en-GB")}
        {started && words.goes !== "stays" && group.chosen !== group.count ? (
          <span className="block text-xs text-muted-foreground">{group.chosen.toLocaleString("en-GB")} chosen</span>
        ) : null}
      </TableCell>
      <TableCell className="sm:min-w-64">
        {words.fate}
        <span className="block text-xs text-muted-foreground">{group.why}</span>
      </TableCell>
      <TableCell name="Examples">
        <ul>
          {group.examples.map((id) => (
            <li key={id}>
              <CopyText text={id} what="entry id" />
            </li>
          ))}
        </ul>
      </TableCell>
    </TableRow>
  );
}
