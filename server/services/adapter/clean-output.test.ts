import { expect, test } from "vitest";
import { createClean } from "@/server/services/adapter/clean-output";

test("what a log may not carry out: secrets by name, tokens, keys, addresses, people", () => {
  const { lines } = createClean(["ab".repeat(20)]).lines(
    [
      `starting with ${"ab".repeat(20)}`,
      `ZONE_KEK=${"0f".repeat(32)} loaded`,
      '{"client_secret":"s3cr3t-value","level":"info"}',
      "authorization: Bearer eyJhbGciOi.JIUzI1NiJ9.sig",
      "GET /x mandate eyJhbGciOi.JIUzI1NiJ9.c2ln",
      "postgres unreachable: postgres://caracal:hunter22@10.0.0.7:5432/caracal",
      "subject ira@example.com refused",
      `${"q".repeat(5_000)}`,
    ].join("\n"),
    false,
  );
  const all = lines.join("\n");
  for (const secret of ["abababab", "0f0f0f", "s3cr3t", "JIUzI1NiJ9", "hunter22", "10.0.0.7", "ira@"])
    expect(all, secret).not.toContain(secret);
  expect(all).toContain("postgres unreachable");
  expect(lines.at(-1)?.length).toBeLessThan(2_100);
});
