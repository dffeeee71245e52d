import { readFileSync } from "node:fs";
import { recoverContent } from "@/server/audit/verify/recover-content";
import { storedOfVector, vectorsIn } from "@/server/audit/verify/vector-file";
import { endWithReader } from "@/server/platform/quiet-pipe";

/**
 * npm run verify-rows -- FILE: whether each row's own columns give its sealed hash, offline. One JSON line for each row; exit code 0 only
 * when all are proved, 1 when one is not, 2 when the file cannot be read.
 */
endWithReader();
try {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error('Which file? npm run verify-rows -- FILE, as {"vectors": [{"stored": …}]}');
  let all = true;
  for (const row of vectorsIn(readFileSync(path, "utf8")).map(storedOfVector)) {
    const recovered = recoverContent(row);
    const verdict =
      recovered.kind === "recovered" ? "proved" : recovered.kind === "mismatch" ? "tampered" : "not_provable";
    all &&= verdict === "proved";
    const remainder = recovered.kind === "recovered" ? recovered.remainder : null;
    process.stdout.write(`${JSON.stringify({ id: row.id, verdict, nanosecond_remainder: remainder })}\n`);
  }
  process.exitCode = all ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
