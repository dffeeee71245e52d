import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCaracalDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { removeVault } from "@/sandbox/supervisor/vault-folder";
import { copyStatement, evidenceQueries, withSnapshot } from "@/server/caracal/evidence-snapshot";
import { folderStore } from "@/server/evidence/vault/folder-store";
import { writeFile } from "@/server/evidence/vault/write-file";
import { openDatabase } from "@/server/platform/postgres";
import { sizeOf } from "./flags";
import { type BenchPart, median } from "./result";

const rounds = 3;
const perStatement = 250_000;

/**
 * So many rows (`--export-rows`) through the writer of preserved evidence, against psql COPY piped to gzip and sha256sum in the same run, turn by
 * turn. The writer hashes twice (before and after compressing), makes the file durable and compresses at the pipe's level.
 */
export async function exporting(): Promise<BenchPart> {
  const rows = sizeOf("export-rows", 1_000_000);
  if (spawnSync("psql", ["--version"]).status !== 0) {
    console.log("export: skipped, there is no psql on the PATH to hold it against");
    return { entries: [], notes: [] };
  }
  const postgres = await startPostgres();
  const made = await createCaracalDatabase(postgres.url);
  const owner = openDatabase({ url: made.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 600_000 });
  const folder = mkdtempSync(join(tmpdir(), "bench-vault-"));
  try {
    for (let from = 0; from < rows; from += perStatement)
      await owner.query(
        `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, policy_set_version_id, manifest_sha,
            determining_policies_json, diagnostics_json, metadata_json, occurred_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, ingest_signature)
         SELECT gen_random_uuid()::text, 'zone-' || n % 5, 'token_exchange', gen_random_uuid()::text, 'allow', 'complete', gen_random_uuid()::text,
            encode(sha256(n::text::bytea), 'hex'), '[{"policy": "read-ok", "weight": 1.5}]', '[]', jsonb_build_object('resource', 'resource://ledger/' || n % 400),
            now() - n * interval '1 second' / 10, n, encode(sha256(('c' || n)::bytea), 'hex'), encode(sha256(('c' || n - 1)::bytea), 'hex'),
            encode(sha256(('h' || n)::bytea), 'hex'), encode(sha256(('s' || n)::bytea), 'hex')
           FROM generate_series($1::bigint, $2::bigint) AS n`,
        [from + 1, Math.min(rows, from + perStatement)],
      );
    await owner.query("VACUUM (ANALYZE) audit_events");
    const select = evidenceQueries.rows.select({ zoneId: null, from: null, to: null, partition: null });
    const statement = copyStatement(select, "csv");
    const pipe = () => {
      const began = performance.now();
      const { status } = spawnSync(
        "bash",
        ["-c", 'set -o pipefail; psql "$URL" -X -q -c "$COPY" | gzip -6 | sha256sum'],
        { env: { ...process.env, URL: made.ownerUrl, COPY: statement, PGTZ: "UTC" } },
      );
      if (status !== 0) throw new Error("psql did not end well");
      return performance.now() - began;
    };
    let number = 0;
    const write = async () => {
      const began = performance.now();
      await withSnapshot(made.ownerUrl, (snapshot) =>
        writeFile({
          stores: [folderStore(folder)],
          item: `round-${number++}`,
          name: "audit_events.csv.gz",
          source: snapshot.copy(statement).source,
        }),
      );
      return performance.now() - began;
    };
    pipe();
    await write();
    const [peer, own]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      peer.push(pipe());
      own.push(await write());
    }
    const rate = (ms: number) => (rows * 1_000) / ms;
    const ratio = rate(median(own)) / rate(median(peer));
    return {
      entries: [
        {
          bench: "audit",
          figure: `export of ${rows.toLocaleString("en")} rows, hashed, compressed and durable`,
          value: rate(median(own)),
          unit: "rows/s",
          against: `psql COPY | gzip -6 | sha256sum: ${Math.round(rate(median(peer))).toLocaleString("en")} rows/s`,
          ratio,
          goal: "ratio >= 0.8",
          pass: ratio >= 0.8,
        },
      ],
      notes: [],
    };
  } finally {
    await owner.close();
    await removeVault(folder);
    await postgres.dispose();
  }
}
