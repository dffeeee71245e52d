import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { readChain } from "@/server/timeline/read-chain";
import { verifyTimeline } from "@/server/timeline/verify-timeline";
import { type BenchEntry, type BenchReport, median } from "./result";
import { openTimelineStage, type TimelineStage, writers } from "./timeline-stage";

const perTurn = 4_000;
const turns = 7;
const verified = 100_000;

const included = `Each side writes ${perTurn} entries with ${writers} writers, ${turns} turns; medians of each turn's own ratio. Every entry is a
transaction of its own on both sides: one statement each, and, as notes, BEGIN, statement, COMMIT each.
appended: to one chain, where each waits for the one before; as a note, to ${writers} chains. bare: the same columns into a plain table.
verified: ${verified} entries of one chain by their texts, links and head; against reading the same pages and doing nothing with them.
The engine runs as the sandbox runs it, without waiting for the disk; where it waits, one chain gets one entry per wait.`;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1_000;
}

const ratioEntry = (
  figure: string,
  values: readonly number[],
  ratios: readonly number[],
  unit: string,
  against: string,
): BenchEntry => {
  const ratio = median(ratios);
  return {
    bench: "timeline",
    figure,
    value: median(values),
    unit,
    against,
    ratio,
    goal: "ratio >= 0.3",
    pass: ratio >= 0.3,
  };
};

async function appending(stage: TimelineStage): Promise<Pick<BenchReport, "entries" | "notes">> {
  const chains = () => Array.from({ length: writers }, () => randomUUID());
  const ways = {
    plain: () => stage.insertPlain(perTurn, "statement"),
    one: () => stage.appendTo([randomUUID()], perTurn, "statement"),
    many: () => stage.appendTo(chains(), perTurn, "statement"),
    plainWrapped: () => stage.insertPlain(perTurn, "transaction"),
    oneWrapped: () => stage.appendTo([randomUUID()], perTurn, "transaction"),
    manyWrapped: () => stage.appendTo(chains(), perTurn, "transaction"),
  };
  type Way = keyof typeof ways;
  const names = Object.keys(ways) as Way[];
  const rates: Record<Way, number[]> = {
    plain: [],
    one: [],
    many: [],
    plainWrapped: [],
    oneWrapped: [],
    manyWrapped: [],
  };
  for (const name of names) await ways[name](); // warm
  for (let turn = 0; turn < turns; turn += 1) {
    await stage.settle();
    for (const name of turn % 2 === 0 ? names : [...names].reverse()) rates[name].push(await ways[name]());
  }
  const ratios = (way: Way, peer: Way) => rates[way].map((rate, turn) => rate / (rates[peer][turn] ?? Number.NaN));
  const note = (figure: string, way: Way, peer: Way) => ({
    figure,
    value: median(rates[way]),
    unit: "entries/s",
    against: `bare insert, ratio ${median(ratios(way, peer)).toFixed(2)}`,
  });
  return {
    entries: [
      ratioEntry("appended to one chain", rates.one, ratios("one", "plain"), "entries/s", "bare insert by 20 writers"),
    ],
    notes: [
      { figure: "bare insert", value: median(rates.plain), unit: "rows/s" },
      note("appended to 20 chains", "many", "plain"),
      { figure: "bare insert in BEGIN … COMMIT", value: median(rates.plainWrapped), unit: "rows/s" },
      note("one chain in BEGIN … COMMIT", "oneWrapped", "plainWrapped"),
      note("20 chains in BEGIN … COMMIT", "manyWrapped", "plainWrapped"),
    ],
  };
}

async function verifying(stage: TimelineStage): Promise<{ entries: BenchEntry[]; chain: string }> {
  const chain = randomUUID();
  await stage.fill(chain, verified);
  await stage.settle();
  const read = async () => {
    let rows = 0;
    for await (const page of readChain(stage.db, chain)) rows += page.length;
    if (rows !== verified) throw new Error("rows are missing");
  };
  const verify = async () => {
    const verdict = await verifyTimeline({ ctx: { db: stage.db, outside: null }, input: { chain } });
    if (!verdict.whole || verdict.entries !== verified) throw new Error("the chain is not whole");
  };
  await read();
  await verify();
  const [rates, ratios]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    const [alone, whole] =
      turn % 2 === 0
        ? [await seconds(read), await seconds(verify)]
        : await (async () => {
            const second = await seconds(verify);
            return [await seconds(read), second] as const;
          })();
    rates.push(verified / whole);
    ratios.push(alone / whole);
  }
  return { entries: [ratioEntry("verified", rates, ratios, "entries/s", "reading the same rows alone")], chain };
}

/** Cuts the tail, head row and all, as a superuser could, and asks the verifier with and without the head kept outside. */
async function cutTail(stage: TimelineStage, chain: string): Promise<BenchEntry> {
  const heads = [{ seq: verified, hash: await stage.hashAt(chain, verified), writtenAt: "before" }];
  await stage.cut(chain, verified - 10);
  const ask = (outside: typeof heads) =>
    verifyTimeline({
      ctx: { db: stage.db, outside: { heads: outside, source: "bench", lastWrittenAt: null, problem: null } },
      input: { chain },
    });
  const [alone, withHead] = [await ask([]), await ask(heads)];
  const pass = alone.whole && withHead.firstBad?.seq === verified - 9;
  return {
    bench: "timeline",
    figure: "cut tail found by the head kept outside",
    value: pass ? 1 : 0,
    unit: "of 1",
    against: null,
    ratio: null,
    goal: "1 of 1",
    pass,
  };
}

/** Appending by 20 writers against bare inserts, verifying 100,000 entries against reading them, and a cut tail. */
export async function bench(): Promise<BenchReport> {
  console.log(included);
  const stage = await openTimelineStage();
  try {
    const { entries, notes } = await appending(stage);
    const verification = await verifying(stage);
    const cut = await cutTail(stage, verification.chain);
    return { name: "timeline", entries: [...entries, ...verification.entries, cut], notes };
  } finally {
    await stage.close();
  }
}
