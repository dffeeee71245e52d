"use client";

import { CopyText } from "@/components/lib/copy-text";
import { Panel, type PanelState } from "@/components/lib/panel";
import { classWords, dryRunWords } from "@/components/redrive/redrive-words";
import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { LetterGroup, RedriveRun } from "@/server/redrive/schemas";

/** The dry run: security signals first and apart, then by class and cause: how many, what will happen to them, what not and why. */
export function GroupsPanel({
  run,
  groups,
  state,
}: {
  run: RedriveRun;
  groups: readonly LetterGroup[];
  state: PanelState;
}) {
  const planned = run.state === "planned";
  return (
    <Panel
      title={planned ? "Dry run: what would happen" : "What they are"}
      note={groups.length === 0 ? undefined : dryRunWords(groups)}
      state={run.state === "classifying" ? { kind: "loading", rows: 4 } : state}
    >
      <Table label="Dead letters by class and cause">
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
      <TableCell className="font-mono text-xs">{group.cause}</TableCell>
      <TableCell numeric>
        {group.count.toLocaleString("en-GB")}
        {started && words.goes !== "stays" && group.chosen !== group.count ? (
          <span className="block text-xs text-muted-foreground">{group.chosen.toLocaleString("en-GB")} chosen</span>
        ) : null}
      </TableCell>
      <TableCell className="min-w-64">
        {words.fate}
        <span className="block text-xs text-muted-foreground">{group.why}</span>
      </TableCell>
      <TableCell>
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
