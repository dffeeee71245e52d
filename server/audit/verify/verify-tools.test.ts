import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

/** The tools as an auditor starts them, on the recording in forms that other systems give it. */
const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
const { AUDIT_HMAC_KEY } = JSON.parse(read("keys.json")) as { AUDIT_HMAC_KEY: string };
const scratch = mkdtempSync(join(tmpdir(), "verify-tools-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function put(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}
function evidence(rows: string, more: readonly string[] = [], key = AUDIT_HMAC_KEY) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/verify-evidence.ts", "--rows", rows, ...more],
    { env: { PATH: process.env.PATH, NODE_ENV: "test", ...(key === "" ? {} : { AUDIT_HMAC_KEY: key }) } },
  );
  const lines = stdout
    .toString()
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { status, totals: lines.at(-1), findings: lines.slice(0, -1), stderr: stderr.toString() };
}
const streams = () => [
  "--stream",
  put("stream.jsonl", `\ufeff${read("before/caracal.audit.events.jsonl").replaceAll("\n", "\r\n")}\r\n\r\n`),
  "--dlq",
  put("dlq.jsonl", read("before/caracal.audit.events.dlq.jsonl").replaceAll("\n", "\r\n")),
];
const { changes } = JSON.parse(read("changes.json")) as {
  changes: { zone_id: string; chain_seq: number; event_id: string; kind: string }[];
};

it("names exactly the changes in a file with Windows line ends and a byte order mark, and exits with 1", () => {
  const rows = put("windows.csv", `\ufeff${read("after/audit_events.csv").replaceAll("\n", "\r\n")}`);
  const { status, findings, totals } = evidence(rows, streams());
  expect(status).toBe(1);
  expect(
    findings.map(({ zone_id, chain_seq, event_id, finding }) => ({ zone_id, chain_seq, event_id, kind: finding })),
  ).toEqual(changes.map(({ zone_id, chain_seq, event_id, kind }) => ({ zone_id, chain_seq, event_id, kind })));
  expect(Object.keys(findings[0])).toEqual(["zone_id", "chain_seq", "event_id", "finding", "columns", "witnesses"]);
  expect(totals).toEqual({ rows: 641, proved: 635, tampered: 6, removed: 6, not_provable: 0 });
});

it("without a key nothing is told of seals, and honest rows exit with 0; under another key every zone drifts", () => {
  const rows = put("before.csv", read("before/audit_events.csv"));
  expect(evidence(rows, streams(), "")).toMatchObject({ status: 0, totals: { tampered: 0, removed: 0 } });
  const other = evidence(rows, streams(), "ab".repeat(32));
  expect(other).toMatchObject({ status: 0, totals: { tampered: 0, removed: 0 } });
  expect(other.findings.map(({ finding, event_id }) => [finding, event_id])).toEqual([
    ["key_drift", null],
    ["key_drift", null],
    ["key_drift", null],
  ]);
});

it("a header alone has no rows, which is said; what is no evidence is said in a sentence, with exit code 2", () => {
  expect(evidence(put("empty.csv", ""))).toMatchObject({ status: 2, stderr: expect.stringContaining("no first line") });
  const names = read("before/audit_events.csv").split("\n")[0] ?? "";
  const header = `${names}\n`;
  expect(evidence(put("header.csv", header))).toMatchObject({ status: 0, stderr: expect.stringContaining("no rows") });
  const unsealed = put("unsealed.csv", header.replace(",chain_hmac", "").replace(",ingest_signature", ""));
  expect(evidence(unsealed)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("has no column chain_hmac, ingest_signature"),
  });
  expect(evidence(unsealed, [], "")).toMatchObject({ status: 0, totals: { rows: 0 } });
  expect(evidence(put("header.csv", header), streams())).toMatchObject({ status: 1, totals: { rows: 0 } });
  expect(evidence(put("other.csv", "a,b\n1,2\n"))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("it is not audit_events"),
  });
  const stream = put("bad.jsonl", '{"id":"1-0"}\n');
  expect(evidence(put("header.csv", header), ["--stream", stream])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("line 1, is not a stream entry"),
  });
  expect(evidence(join(scratch, "nowhere.csv"))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("ENOENT"),
  });
});
