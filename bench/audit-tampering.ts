import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { tamper, wayNames } from "@/sandbox/audit-chain/tampering";
import type { Finding } from "@/server/audit/verify/finding";
import { verifyEvidence } from "@/server/audit/verify/verify-evidence";
import { sizeOf } from "./flags";
import type { BenchEntry, BenchPart } from "./result";

const key = Buffer.alloc(32, 7);

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
const told = (found: readonly { finding: string; chain_seq: number | null; event_id: string | null }[]) =>
  found
    .map(({ finding, chain_seq, event_id }) => `${finding} ${chain_seq} ${event_id}`)
    .sort()
    .join("\n");

const none = (figure: string, value: number): BenchEntry => ({
  bench: "audit",
  figure,
  value,
  unit: "",
  against: null,
  ratio: null,
  goal: "= 0",
  pass: value === 0,
});

/** Random tamperings over random chains: how many were not seen at all, and how many were told as something else or on other rows. */
export async function tampering(): Promise<BenchPart> {
  const tamperings = sizeOf("tamperings", 10_000);
  let [missed, wrong] = [0, 0];
  for (let n = 0; n < tamperings; n += 1) {
    const chain = honestChain(Math.random, 6 + Math.floor(Math.random() * 9), key);
    const done = tamper(chain, wayNames[n % wayNames.length] ?? "", Math.random);
    const found: Finding[] = [];
    await verifyEvidence({ rows: each(done.rows), stream: each(chain.stream), deadLetters: null, key }, (one) =>
      found.push(one),
    );
    if (found.length === 0) missed += 1;
    else if (told(found) !== told(done.found)) wrong += 1;
  }
  return {
    entries: [
      none(`of ${tamperings} random tamperings not seen`, missed),
      none("told as something else, or on other rows", wrong),
    ],
    notes: [],
  };
}
