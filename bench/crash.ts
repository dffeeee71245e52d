import { jobs } from "./crash-jobs";
import { redrive } from "./crash-redrive";
import { partsOf } from "./flags";
import type { BenchEntry, BenchNote, BenchPart, BenchReport } from "./result";

/** By the name that `--only` takes, in the order in which they run. */
const parts: Readonly<Record<string, () => Promise<BenchPart>>> = { jobs, redrive };

/** kill -9 of whatever works in the background, part by part; what is wrong afterwards is counted. */
export async function bench(): Promise<BenchReport> {
  const entries: BenchEntry[] = [];
  const notes: BenchNote[] = [];
  for (const part of partsOf(parts)) {
    const said = await part();
    entries.push(...said.entries);
    notes.push(...said.notes);
  }
  return { name: "crash", entries, notes };
}
