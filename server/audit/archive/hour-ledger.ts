import type { ArchiveFile, BadExport } from "@/server/audit/archive/archive-source";
import { hourText, keyOfHour } from "@/server/audit/archive/export-key";
import type { Difference, DifferenceKind, FileTrouble } from "@/server/audit/archive/finding";

type Export = {
  readonly key: string;
  readonly hour: string;
  trouble: FileTrouble | null;
  matched: number; // of its events that the table holds
  readonly elsewhere: Map<string, number>; // of those: hours of ingestion that are not its own
  readonly held: Difference[];
  readonly unlisted: Map<DifferenceKind, number>; // held back beyond what is kept
};

const mostHeld = 10_000;

/**
 * What is known of each hour's export. What would accuse a row because of its hour is held back until all is read: only then is it known
 * whether it was the file that lies under another hour's name.
 */
export class HourLedger {
  private readonly exports: Export[] = [];
  private readonly foreign: FileTrouble[] = [];
  private readonly absent = new Map<string, { rows: number; held: Difference[] }>(); // by hour of ingestion
  private held = 0;

  /** Gives its number, by which its events name it. */
  opened({ key }: ArchiveFile, hour: number): number {
    const one = {
      key,
      hour: hourText(hour),
      trouble: null,
      matched: 0,
      elsewhere: new Map(),
      held: [],
      unlisted: new Map(),
    };
    return this.exports.push(one) - 1;
  }

  failed(number: number, { kind, message }: BadExport): void {
    const one = this.exports[number];
    if (one !== undefined) one.trouble = { key: one.key, hour: one.hour, trouble: kind, reason: message, rows: 0 };
  }

  foreignName({ key }: ArchiveFile): void {
    const reason = "Its name is not that of an hourly export, audit/YYYY/MM/DD/YYYY-MM-DDTHH.parquet.";
    this.foreign.push({ key, hour: null, trouble: "foreign-name", reason, rows: 0 });
  }

  usable(number: number): boolean {
    return this.exports[number]?.trouble === null;
  }

  hourOf(number: number): string {
    return this.exports[number]?.hour ?? "";
  }

  /** An event of a file that the table holds, with the hour in which the table says it was ingested. */
  matched(number: number, ingested: string | null): void {
    const one = this.exports[number];
    if (one === undefined) return;
    one.matched += 1;
    if (ingested !== null && ingested !== one.hour) one.elsewhere.set(ingested, (one.elsewhere.get(ingested) ?? 0) + 1);
  }

  /** Holds back a difference that is none when the file turns out to lie under another hour's name. */
  holdOfFile(number: number, difference: Difference): void {
    const one = this.exports[number];
    if (one === undefined) return;
    if (this.held < mostHeld) one.held.push(difference);
    else one.unlisted.set(difference.finding, (one.unlisted.get(difference.finding) ?? 0) + 1);
    this.held += 1;
  }

  /** Holds back a row that no export has: there may be none of its hour. */
  holdAbsent(hour: string, difference: Difference): void {
    const found = this.absent.get(hour) ?? { rows: 0, held: [] };
    found.rows += 1;
    if (this.held < mostHeld) found.held.push(difference);
    this.held += 1;
    this.absent.set(hour, found);
  }

  private judgeNames(): void {
    for (const one of this.exports) {
      const others = [...one.elsewhere].sort(([, a], [, b]) => b - a);
      const count = others.reduce((sum, [, rows]) => sum + rows, 0);
      if (one.trouble !== null || one.matched === 0 || count < one.matched) continue;
      const reason = `Its events were ingested in the hour ${others[0]?.[0]}, not in the one that its name says: it is another hour's export.`;
      one.trouble = { key: one.key, hour: one.hour, trouble: "wrong-hour", reason, rows: 0 };
    }
  }

  /** What is held back and stands, how many more of each kind, and every file and hour that could not be used. */
  settle(): Settled {
    this.judgeNames();
    const usable = this.exports.filter(({ trouble }) => trouble === null);
    const unlisted = new Map<DifferenceKind, number>();
    const more = (kind: DifferenceKind, count: number) => unlisted.set(kind, (unlisted.get(kind) ?? 0) + count);
    for (const one of usable) for (const [kind, count] of one.unlisted) more(kind, count);
    const differences = usable.flatMap(({ held }) => held);
    const byHour = new Map(this.exports.map((one) => [one.hour, one]));
    const troubles: FileTrouble[] = [...this.foreign];
    let notCompared = 0;
    for (const [hour, { rows, held }] of this.absent) {
      const one = byHour.get(hour);
      if (one !== undefined && one.trouble === null) {
        differences.push(...held);
        more("missing_in_archive", rows - held.length);
        continue;
      }
      notCompared += rows;
      if (one?.trouble != null) one.trouble = { ...one.trouble, rows };
      else troubles.push(noExport(hour, rows));
    }
    for (const { trouble } of this.exports) if (trouble !== null) troubles.push(trouble);
    troubles.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return { files: usable.length, differences, unlisted, troubles, notCompared };
  }
}

const noExport = (hour: string, rows: number): FileTrouble => ({
  key: keyOfHour(Date.parse(`${hour}:00:00Z`)),
  hour,
  trouble: "no-export",
  reason: "The table has rows of this hour and the exporter has passed it, yet there is no export.",
  rows,
});

type Settled = {
  readonly files: number; // that could be used
  readonly differences: readonly Difference[];
  readonly unlisted: ReadonlyMap<DifferenceKind, number>;
  readonly troubles: readonly FileTrouble[];
  readonly notCompared: number; // rows
};
