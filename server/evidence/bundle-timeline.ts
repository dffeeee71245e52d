import { z } from "zod";
import { chainVerifier, type ChainVerifier } from "@/server/timeline/verify-chain";

const text = z.string();
const shared = z.strictObject({
  chain: text,
  seq: z.number().int(),
  at: text,
  kind: text,
  actor_name: text,
  actor_roles: text,
  summary: text,
  prev_hash: text,
  hash: text,
});
const whole = shared.extend({
  actor_id: text.nullable(),
  address: text.nullable(),
  request_id: text.nullable(),
  details: text,
});

const mostBytesOfLine = 1_048_576;
const lineFeed = 0x0a;

/**
 * Judges timeline.jsonl as its bytes come by, holding one line at most. `problem` is the first thing that is wrong, in words.
 * In the shared profile (`texts` false) the links alone can be judged.
 */
export function timelineJudge(chain: string | null, texts: boolean) {
  let verifier: ChainVerifier | null = chain === null ? null : chainVerifier({ chain, texts });
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  let problem: string | null = null;

  function judge(bytes: Buffer): void {
    line += 1;
    let parsed: unknown;
    try {
      parsed = JSON.parse(bytes.toString("utf8"));
    } catch {
      problem = `entry ${line}: its line is not JSON any more`;
      return;
    }
    const entry = (texts ? whole : shared).safeParse(parsed);
    if (!entry.success) {
      const [issue] = entry.error.issues;
      problem = `entry ${line}: its line has other columns than an entry has (${issue?.path.join(".") || issue?.message})`;
      return;
    }
    const row = {
      actor_id: null,
      address: null,
      request_id: null,
      details: "",
      ...entry.data,
      seq: String(entry.data.seq),
    };
    verifier ??= chainVerifier({ chain: row.chain, texts });
    const bad = verifier.take(row);
    if (bad !== null) problem = `entry ${bad.seq}: ${bad.problem}`;
  }

  return {
    take(chunk: Buffer): void {
      if (problem !== null) return;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(lineFeed); end !== -1 && problem === null; end = rest.indexOf(lineFeed)) {
        judge(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
      }
      if (rest.length > mostBytesOfLine && problem === null) problem = `entry ${line + 1}: its line has no end`;
    },
    end(): { readonly entries: number; readonly problem: string | null } {
      if (problem === null && rest.length > 0) problem = `entry ${line + 1}: its line is cut short`;
      return { entries: verifier?.entries ?? 0, problem };
    },
  };
}
