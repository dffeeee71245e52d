import { createHash, type KeyObject, verify } from "node:crypto";
import { z } from "zod";
import type { Anchor } from "@/server/audit/verify/finding";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const head = z.object({
  zone_id: z.string().min(1).max(200),
  chain_seq: z.number().int(),
  event_id: z.string().max(200),
  content_sha256: z.string().max(200),
});

/** Heads of audit chains at one moment, as they are kept outside: one JSON text per line. */
const anchoringLine = z.object({
  n: z.number().int().min(1),
  at: z.string().max(40),
  by: z.string().max(200),
  previous: sha256, // of the anchoring before; of the first, 64 zeros
  heads: z.array(head),
  sha256, // over anchoringText
  key: z.string().max(64), // fingerprint of the key that signed
  signature: z.string().max(100), // base64, Ed25519 over anchoringText
});
export type AnchoringLine = z.infer<typeof anchoringLine>;
type Anchoring = Pick<AnchoringLine, "n" | "at" | "by" | "previous" | "heads">;

/** What is hashed and signed: a line for each value, then one for each head. */
export const anchoringText = ({ n, at, by, previous, heads }: Anchoring): string =>
  [
    "caracal-audit-anchoring-1",
    String(n),
    at,
    JSON.stringify(by),
    previous,
    ...heads.map((one) => JSON.stringify([one.zone_id, one.chain_seq, one.event_id, one.content_sha256])),
    "",
  ].join("\n");

export const anchoringSha256 = (anchoring: Anchoring): string =>
  createHash("sha256").update(anchoringText(anchoring)).digest("hex");

/** Judges lines of anchorings one after the other: each by its own hash, its signature and its link to the one before. */
export class AnchoringJudge {
  readonly problems: string[] = [];
  lines = 0;
  private before: AnchoringLine | null = null;

  /** `key`: whose signatures are believed; null: they are not looked at. */
  constructor(private readonly key: KeyObject | null) {}

  /** Gives the anchoring when it holds. */
  line(text: string): AnchoringLine | null {
    this.lines += 1;
    const problem = (what: string) => {
      this.problems.push(`line ${this.lines}: ${what}`);
      return null;
    };
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return problem("it is no JSON");
    }
    const parsed = anchoringLine.safeParse(given);
    if (!parsed.success) return problem("it is no anchoring");
    const { data } = parsed;
    const signed = anchoringText(data);
    if (anchoringSha256(data) !== data.sha256) return problem(`anchoring ${data.n} was changed: its hash is another`);
    if (this.key !== null && !verify(null, Buffer.from(signed), this.key, Buffer.from(data.signature, "base64")))
      return problem(`anchoring ${data.n} carries a signature that is not the key's`);
    const { before } = this;
    this.before = data;
    if (before !== null && data.n > before.n + 1)
      return problem(`anchorings ${before.n + 1} to ${data.n - 1} are missing`);
    if (before !== null && data.n <= before.n && data.sha256 !== before.sha256)
      return data.n === before.n ? problem(`anchoring ${data.n} is there twice, and they differ`) : data; // written again after a crash
    if (before !== null && data.n === before.n + 1 && data.previous !== before.sha256)
      return problem(`anchoring ${data.n} does not follow on the one before it`);
    return data;
  }
}

/**
 * The heads in lines of anchorings, by zone; of one seq the first that was kept stands. `key`: whose signatures are asked for.
 * @throws when a line does not hold, with which and why
 */
export async function anchorsIn(
  lines: AsyncIterable<string>,
  key: KeyObject | null,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  const judge = new AnchoringJudge(key);
  const zones = new Map<string, Map<number, Anchor>>();
  for await (const text of lines) {
    if (text.trim() === "") continue;
    const anchoring = judge.line(text);
    if (anchoring === null || judge.problems.length > 0) throw new Error(judge.problems[0]);
    for (const { zone_id: zone, chain_seq: seq, event_id: id, content_sha256: content } of anchoring.heads) {
      const known = zones.get(zone) ?? new Map<number, Anchor>();
      zones.set(zone, known);
      if (!known.has(seq)) known.set(seq, { seq, id, content, at: Date.parse(anchoring.at) });
    }
  }
  return new Map([...zones].map(([zone, known]) => [zone, [...known.values()]]));
}
