import type { Finding } from "@/server/runtime/doctor/finding";

const marks: Record<Finding["status"], string> = {
  fail: "✗ fail   ",
  warn: "! warn   ",
  skipped: "– skipped",
  ok: "✓ ok     ",
};

const count = (findings: readonly Finding[], status: Finding["status"]) =>
  findings.filter((finding) => finding.status === status).length;

/** One line a finding, aligned, with what to fix below it; then the sum. */
export function reportText(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  const indent = " ".repeat("✗ fail   ".length + width + 4);
  const lines = findings.flatMap(({ name, status, found, fix }) => [
    `${marks[status]}  ${name.padEnd(width)}  ${found}`,
    ...(fix === null ? [] : [`${indent}→ ${fix}`]),
  ]);
  const [failed, warned, left, good] = (["fail", "warn", "skipped", "ok"] as const).map((status) =>
    count(findings, status),
  );
  return [...lines, "", `${failed} to fix, ${warned} to look at, ${left} skipped, ${good} ok.`].join("\n");
}

/** The same for programs. */
export const reportJson = (findings: readonly Finding[]): string =>
  JSON.stringify({ ok: count(findings, "fail") === 0, findings }, null, 2);
