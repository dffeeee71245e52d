import { honest } from "./audit-honest";
import { exporting } from "./audit-export";
import { archive } from "./audit-archive";
import { memory } from "./audit-memory";
import { recovery } from "./audit-recovery";
import { search } from "./audit-search";
import { tampering } from "./audit-tampering";
import { partsOf } from "./flags";
import type { BenchEntry, BenchNote, BenchPart, BenchReport } from "./result";

/** By the name that `--only` takes, in the order in which they run. */
const parts: Readonly<Record<string, () => Promise<BenchPart>>> = {
  tampering,
  recovery,
  memory,
  honest,
  archive,
  export: exporting,
  search,
};

/** Judging, keeping and searching the audit chain, part by part; sizes by flags. */
export async function bench(): Promise<BenchReport> {
  const entries: BenchEntry[] = [];
  const notes: BenchNote[] = [];
  for (const part of partsOf(parts)) {
    const said = await part();
    entries.push(...said.entries);
    notes.push(...said.notes);
  }
  return { name: "audit", entries, notes };
}
