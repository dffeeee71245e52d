import { openAuditBench } from "./audit-stage";
import { sizeOf } from "./flags";
import type { BenchPart } from "./result";

/**
 * Honest rows in real engines: half of them with signed copies in the stream (stored form), half without (recovered form). What a check
 * of all of them says while more are ingested, how fast it is against COPY, and what memory it takes.
 */
export async function honest(): Promise<BenchPart> {
  const rows = sizeOf("rows", 1_000_000);
  const few = Math.ceil(rows / 10);
  const stand = await openAuditBench();
  try {
    const [stored, recovered] = [await stand.zone(true), await stand.zone(false)];
    for (const zone of [stored, recovered]) await zone.add(Math.ceil(few / 2));
    const small = await stand.check();
    const speed = async (id: string) => {
      const { totals, seconds } = await stand.check(id);
      const copied = await stand.copyOut(id);
      return { perSecond: totals.rows / seconds, copyPerSecond: totals.rows / copied };
    };
    const speeds = { stored: await speed(stored.id), recovered: await speed(recovered.id) };
    for (const zone of [stored, recovered]) await zone.add(Math.ceil((rows - few) / 2));
    const ingest = stand.ingest(stored.next, 100);
    const large = await stand.check();
    const ingested = await ingest.stop();
    const alarms = large.totals.tampered + large.totals.removed + small.totals.tampered + small.totals.removed;
    const note = (form: "stored" | "recovered") => ({
      figure: `rows a second verified in ${form} form, read from Postgres and judged on worker threads`,
      value: speeds[form].perSecond,
      unit: "rows/s",
      against: `${speeds[form].copyPerSecond.toFixed(0)} rows/s, COPY of the same rows to nowhere`,
    });
    return {
      entries: [
        {
          bench: "audit",
          figure: `false alarms among ${large.totals.rows} honest rows, ${ingested} more ingested meanwhile`,
          value: alarms,
          unit: "",
          against: null,
          ratio: null,
          goal: "= 0",
          pass: alarms === 0 && ingested > 0 && large.totals.rows >= rows,
        },
        {
          bench: "audit",
          figure: `peak memory of a check of ${large.totals.rows} rows against ${small.totals.rows}`,
          value: large.peakMiB,
          unit: "MiB",
          against: `${small.peakMiB.toFixed(0)} MiB`,
          ratio: large.peakMiB / small.peakMiB,
          goal: "ratio <= 1.3",
          pass: large.peakMiB / small.peakMiB <= 1.3,
        },
      ],
      notes: [
        note("stored"),
        note("recovered"),
        {
          figure: "of them not provable (too many ways to write their numbers)",
          value: large.totals.not_provable,
          unit: "rows",
        },
        { figure: "the check of all of them", value: large.totals.rows / large.seconds, unit: "rows/s" },
      ],
    };
  } finally {
    await stand.close();
  }
}
