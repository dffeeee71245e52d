import type { Comparison } from "@/server/audit/archive/comparison";
import { type ComparedColumn, comparedOf, type ComparedRow } from "@/server/audit/archive/compared-row";
import type { ComparisonTotals, Difference } from "@/server/audit/archive/finding";
import type { HourLedger } from "@/server/audit/archive/hour-ledger";
import { goneByRetention } from "@/server/audit/archive/retention";
import { differingColumns } from "@/server/audit/archive/same-value";
import { recoverContent } from "@/server/audit/verify/recover-content";
import type { StoredRow } from "@/server/audit/verify/stored-row";

/** An event of a file, by its number. */
export type Archived = { readonly file: number; readonly row: ComparedRow };
/** What both sides hold under one id. */
export type Judged = {
  readonly id: string;
  readonly archived: readonly Archived[];
  readonly stored: readonly ComparedRow[];
};

const lookUpAtOnce = 200;
const longest = 200; // characters of a value that a difference shows

const cut = (text: string | null) =>
  text !== null && text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
const seqOf = ({ values }: ComparedRow) => (values.chain_seq === null ? null : Number(values.chain_seq));
const only = (row: ComparedRow, columns: readonly ComparedColumn[]) =>
  Object.fromEntries(columns.map((column) => [column, cut(row.values[column])]));
const hourStart = (hour: string) => Date.parse(`${hour}:00:00Z`);

/** Judges id by id what both sides hold. What differs or is absent from the table is looked up there again, so many at once. */
export class PairJudge {
  private readonly waiting = new Map<string, Judged>();

  constructor(
    private readonly comparison: Comparison,
    private readonly ledger: HourLedger,
    private readonly totals: ComparisonTotals,
    private readonly tell: (one: Difference) => void,
  ) {}

  async take(group: Judged): Promise<void> {
    const { zoneId } = this.comparison;
    const ofZone = ({ values }: ComparedRow) => zoneId === null || values.zone_id === zoneId;
    if (group.stored.length === 0 && !group.archived.some(({ row }) => ofZone(row))) return;
    this.totals.archived += group.archived.length;
    this.totals.stored += group.stored.length;
    if (this.inOrder(group)) {
      this.settle(group, null);
      return;
    }
    this.waiting.set(group.id, group);
    if (this.waiting.size >= lookUpAtOnce) await this.lookUp();
  }

  end(): Promise<void> {
    return this.lookUp();
  }

  private inOrder({ archived: [first], archived, stored: [row], stored }: Judged): boolean {
    if (first === undefined || row === undefined || archived.length > 1 || stored.length > 1) return false;
    return differingColumns(first.row, row).length === 0;
  }

  private async lookUp(): Promise<void> {
    if (this.waiting.size === 0) return;
    const groups = [...this.waiting.values()];
    this.waiting.clear();
    const { lookUp } = this.comparison;
    if (lookUp === null) {
      for (const group of groups) this.settle(group, null);
      return;
    }
    const now = new Map<string, StoredRow[]>();
    for (const row of await lookUp(groups.map(({ id }) => id))) now.set(row.id, [...(now.get(row.id) ?? []), row]);
    for (const group of groups) this.settle(group, now.get(group.id) ?? []);
  }

  /** `now`: the rows as they were just looked up; null: those of the group stand. */
  private settle(group: Judged, now: readonly StoredRow[] | null): void {
    const left = [...group.archived];
    const rows =
      now === null
        ? group.stored.map((row) => ({ row, raw: null }))
        : now.map((raw) => ({ row: comparedOf(raw), raw }));
    for (const { row, raw } of rows) {
      const ranked = left
        .map((one, at) => ({ one, at, columns: differingColumns(one.row, row) }))
        .sort((a, b) => a.columns.length - b.columns.length);
      const [best] = ranked;
      if (best === undefined) {
        this.absentFromArchive(row, group);
        continue;
      }
      left.splice(best.at, 1);
      this.ledger.matched(best.one.file, row.values.ingested_at);
      this.differing(best.one, row, raw, best.columns);
    }
    if (rows.length === 0) for (const one of left.slice(0, 1)) this.absentFromTable(one);
    else for (const one of left) this.again(one, rows[0]?.row.values.ingested_at ?? null);
  }

  private differing(
    archived: Archived,
    row: ComparedRow,
    raw: StoredRow | null,
    columns: readonly ComparedColumn[],
  ): void {
    if (columns.length === 0) {
      this.totals.agree += 1;
      return;
    }
    const content = columns.includes("content_sha256");
    const difference: Difference = {
      zone_id: archived.row.values.zone_id ?? "",
      chain_seq: seqOf(archived.row),
      event_id: row.id,
      finding: content ? "content_differs" : "columns_differ",
      columns,
      archived: only(archived.row, columns),
      stored: only(row, columns),
      hour: this.ledger.hourOf(archived.file),
      row_proves_itself: content || raw === null ? null : provesItself(raw, columns),
    };
    if (columns.length === 1 && columns[0] === "ingested_at") {
      this.ledger.holdOfFile(archived.file, difference);
      return;
    }
    this.totals[difference.finding] += 1;
    if (difference.row_proves_itself === true) this.totals.archive_changed += 1;
    this.tell(difference);
  }

  private absentFromTable({ file, row }: Archived): void {
    const { values } = row;
    const hour = this.ledger.hourOf(file);
    const occurred = values.occurred_at === null ? Number.NaN : Date.parse(values.occurred_at);
    if (goneByRetention(this.comparison.partitions, occurred, hourStart(hour))) {
      this.totals.gone_by_retention += 1;
      return;
    }
    this.totals.missing_in_database += 1;
    this.tell({
      zone_id: values.zone_id ?? "",
      chain_seq: seqOf(row),
      event_id: row.id,
      finding: "missing_in_database",
      columns: [],
      archived: only(row, ["event_type", "decision", "request_id", "occurred_at", "content_sha256"]),
      stored: null,
      hour,
      row_proves_itself: null,
    });
  }

  private absentFromArchive(row: ComparedRow, { archived }: Judged): void {
    const hour = row.values.ingested_at;
    const { from, to } = this.comparison.window;
    if (hour === null || hourStart(hour) < from || hourStart(hour) >= to) return; // looked up by id: of another window
    this.ledger.holdAbsent(hour, {
      zone_id: row.values.zone_id ?? "",
      chain_seq: seqOf(row),
      event_id: row.id,
      finding: "missing_in_archive",
      columns: [],
      archived: archived[0] === undefined ? null : only(archived[0].row, ["occurred_at", "content_sha256"]),
      stored: only(row, ["event_type", "decision", "request_id", "occurred_at", "content_sha256"]),
      hour,
      row_proves_itself: null,
    });
  }

  /** One more copy of an event that was paired already: that of a file under another hour's name, or put there. */
  private again({ file, row }: Archived, ingested: string | null): void {
    this.ledger.matched(file, ingested);
    this.ledger.holdOfFile(file, {
      zone_id: row.values.zone_id ?? "",
      chain_seq: seqOf(row),
      event_id: row.id,
      finding: "twice_in_archive",
      columns: [],
      archived: only(row, ["occurred_at", "content_sha256"]),
      stored: null,
      hour: this.ledger.hourOf(file),
      row_proves_itself: null,
    });
  }
}

const sealed: ReadonlySet<ComparedColumn> = new Set(["chain_hmac", "chain_seq", "ingested_at"]);

/** Whether the columns that differ are such as the hash covers, and give it as they stand in the table. */
function provesItself(raw: StoredRow, columns: readonly ComparedColumn[]): boolean | null {
  if (columns.every((column) => sealed.has(column))) return null;
  const { kind } = recoverContent(raw);
  return kind === "recovered" ? true : kind === "mismatch" ? false : null;
}
