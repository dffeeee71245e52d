import { formatAge } from "@/components/lib/duration";
import type { GatewayProof, GroupProof, RunProof, TargetProof } from "@/server/playbooks/schemas";

/** How a cell reads: `ok` proved, `wait` not yet, `bad` will not come by itself, `none` says nothing either way. */
export type CellTone = "ok" | "wait" | "bad" | "none";
export type Cell = { readonly tone: CellTone; readonly text: string; readonly at: number | null };
export type Column = { readonly id: string; readonly label: string; readonly note: string | null };
export type MatrixRow = { readonly target: TargetProof; readonly cells: readonly Cell[] };
export type Matrix = {
  readonly columns: readonly Column[];
  readonly rows: readonly MatrixRow[];
  readonly folded: boolean; // more than fifty targets: rows hold the ones that are not proved
};

const foldAbove = 50;

/** Lays the proof out as targets by witnesses. `now` in epoch ms, for the ages in the column notes. */
export function proofMatrix(proof: RunProof, now: number): Matrix {
  const groups = proof.groups.map((group) => group.group);
  const folded = proof.total > foldAbove;
  const shown = folded ? proof.targets.filter((target) => !target.proved) : proof.targets;
  return {
    columns: [
      { id: "published", label: "Published", note: null },
      { id: "signature", label: "Signature", note: proof.signatureNote },
      ...proof.groups.map((group) => ({ id: group.group, label: group.group, note: groupNote(group, now) })),
      { id: "resource", label: "Resource key", note: null },
      { id: "postgres", label: "Postgres", note: null },
    ],
    rows: shown.map((target) => ({ target, cells: rowCells(target, groups) })),
    folded,
  };
}

function rowCells(target: TargetProof, groups: readonly string[]): readonly Cell[] {
  return [
    publishedCell(target),
    signatureCell(target),
    ...groups.map((group) => groupCell(target.groups[group] ?? "unknown")),
    resourceCell(target.resourceKey),
    postgresCell(target.postgres),
  ];
}

const cell = (tone: CellTone, text: string, at: number | null = null): Cell => ({ tone, text, at });

/** Outbox row and stream entry in one cell: the entry's own time once it is found, else how far the row has come. */
export function publishedCell({ outbox, entry, outcome }: TargetProof): Cell {
  if (entry !== null) return cell("ok", entry.id, entry.at);
  const at = outbox.at === null ? null : Date.parse(outbox.at);
  if (outbox.state === "dispatched") return cell("wait", "sent, entry not found yet", at);
  if (outbox.state === "written") return cell("wait", "waiting in the outbox", at);
  if (outbox.state === "parked") return cell("bad", `given up: ${outbox.error ?? "no reason recorded"}`, at);
  if (outbox.state === "unknown") return cell("none", "cannot be read now");
  if (outcome === "planned") return cell("wait", "not written yet");
  return cell("none", outcome === "already-revoked" ? "was revoked before" : "not needed: expired");
}

function signatureCell({ signature }: TargetProof): Cell {
  if (signature === "valid") return cell("ok", "valid");
  if (signature === "invalid") return cell("bad", "wrong: consumers drop it");
  if (signature === "missing") return cell("bad", "missing: consumers drop it");
  return cell("none", signature === "no-key" ? "not checked: no key" : "nothing to check yet");
}

const groupWords: Readonly<Record<GroupProof, Cell>> = {
  passed: cell("ok", "read"),
  pending: cell("wait", "delivered, not applied"),
  unread: cell("wait", "not yet read"),
  lost: cell("bad", "trimmed before read"),
  "never-used": cell("none", "group never used"),
  unknown: cell("none", "cannot be told"),
};

/** One group's word on one target. */
export function groupCell(state: GroupProof): Cell {
  return groupWords[state];
}

function resourceCell(state: TargetProof["resourceKey"]): Cell {
  if (state === "present") return cell("ok", "revoked");
  if (state === "absent") return cell("wait", "no key yet");
  return cell("none", state === "not-used" ? "not used" : "cannot be read now");
}

function postgresCell(state: TargetProof["postgres"]): Cell {
  if (state === "active") return cell("bad", "still active");
  if (state === "unknown") return cell("none", "cannot be read now");
  return cell("ok", state === "gone" ? "row is gone" : state);
}

/** "not yet read by 3 · lag 3 · since 8 s" under a group's name, or what makes it exempt. */
function groupNote(group: RunProof["groups"][number], now: number): string | null {
  const waiting = [
    group.unread > 0 ? `${group.unread} not yet read` : null,
    group.pending > 0 ? `${group.pending} pending` : null,
    group.unread + group.pending > 0 && group.lag !== null ? `lag ${group.lag}` : null,
    group.unread + group.pending > 0 && group.waitingSince !== null
      ? `for ${formatAge(now - group.waitingSince)}`
      : null,
  ].filter((part) => part !== null);
  const parts = [...waiting, group.note, group.required ? null : "does not block"].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}

/** Sentences for the groups that hold the proof up: who has not read how many, its lag, since when. */
export function waitingGroups(proof: RunProof, now: number): readonly string[] {
  return proof.groups
    .filter((group) => group.required && group.unread + group.pending > 0)
    .map((group) => {
      const what =
        group.unread > 0
          ? `${group.unread} not yet read by ${group.group}`
          : `${group.pending} pending in ${group.group}`;
      const lag = group.lag === null ? "" : ` · lag ${group.lag}`;
      return `${what}${lag}${group.waitingSince === null ? "" : ` · for ${formatAge(now - group.waitingSince)}`}`;
    });
}

/** One line per gateway replica: it tells a count, never which sessions. */
export function gatewayLine(gateway: GatewayProof): { readonly tone: CellTone; readonly text: string } {
  const { replica, known, atLeast, expected } = gateway;
  if (gateway.verdict === "all") return { tone: "ok", text: `${replica} knows ${known ?? expected} of ${expected}` };
  if (gateway.verdict === "missing") {
    const missing = known === null ? null : expected - known;
    const count =
      known === null ? `${replica} does not know all ${expected}` : `${replica} knows ${known} of ${expected}`;
    return {
      tone: "wait",
      text: `${count}${missing === null ? "" : ` · ${missing} missing`} (open responses only, 60 s)`,
    };
  }
  if (gateway.verdict === "silent") return { tone: "bad", text: `${replica} does not answer: its count is not known` };
  const floor = atLeast === null ? "" : `, at least ${atLeast} of ${expected}`;
  return { tone: "none", text: `${replica} cannot tell${floor}` };
}
