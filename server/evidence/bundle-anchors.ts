import { createPublicKey, type KeyObject } from "node:crypto";
import { AnchoringJudge } from "@/server/audit/verify/anchoring";

const lineFeed = 0x0a;
const mostBytesOfLine = 4_194_304;
const mostProblems = 20;

function keyOf(pem: Buffer | undefined): KeyObject | null {
  try {
    return createPublicKey(pem ?? "");
  } catch {
    return null; // said of public-key.pem itself
  }
}

/** Judges anchors.jsonl as its bytes come by, holding one line at most. */
export function anchorsJudge(publicPem: Buffer | undefined) {
  const judge = new AnchoringJudge(keyOf(publicPem));
  let rest: Buffer = Buffer.alloc(0);
  let endless = false;
  return {
    take(chunk: Buffer): void {
      if (endless) return;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(lineFeed); end !== -1; end = rest.indexOf(lineFeed)) {
        judge.line(rest.toString("utf8", 0, end));
        rest = rest.subarray(end + 1);
      }
      endless = rest.length > mostBytesOfLine;
    },
    end(): readonly string[] {
      const cut = endless ? ["a line has no end"] : rest.length > 0 ? ["its last line is cut short"] : [];
      return [...judge.problems.slice(0, mostProblems), ...cut];
    },
  };
}
