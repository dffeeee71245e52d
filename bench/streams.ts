import { partsOf } from "./flags";
import type { BenchEntry, BenchNote, BenchPart, BenchReport } from "./result";
import { streamPages } from "./streams-pages";
import { redrive } from "./streams-redrive";

/** By the name that `--only` takes, in the order in which they run. */
const parts: Readonly<Record<string, () => Promise<BenchPart>>> = { pages: streamPages, redrive };

/** What streams cost and how fast dead letters go back, part by part; sizes by flags. */
export async function bench(): Promise<BenchReport> {
  const entries: BenchEntry[] = [];
  const notes: BenchNote[] = [];
  for (const part of partsOf(parts)) {
    const said = await part();
    entries.push(...said.entries);
    notes.push(...said.notes);
  }
  return { name: "streams", entries, notes };
}
