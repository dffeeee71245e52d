import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goJson, type GoJson } from "@/sandbox/encoding/go-json";
import { canonicalJson, numberForms, textsOf } from "@/server/audit/verify/canonical-json";
import { recoverContent } from "@/server/audit/verify/recover-content";
import { findRemainder } from "@/server/audit/verify/remainder-search";
import { storedOfVector, vectorsIn } from "@/server/audit/verify/vector-file";

const file = new URL("../../../sandbox/vectors/audit-content-hash.json", import.meta.url);

describe("recovering what was hashed", () => {
  it("gives the recorded remainder of every vector of the real encoder", () => {
    const vectors = JSON.parse(readFileSync(file, "utf8")) as { vectors: { nanosecond_remainder: number }[] };
    const rows = vectorsIn(readFileSync(file, "utf8")).map(storedOfVector);
    expect(rows).toHaveLength(24);
    rows.forEach((row, at) => {
      expect(recoverContent(row), row.id).toMatchObject({
        kind: "recovered",
        remainder: vectors.vectors[at]?.nanosecond_remainder,
      });
      expect(recoverContent({ ...row, decision: `${row.decision}x` }).kind).toBe("mismatch");
      expect(recoverContent({ ...row, content_sha256: null }).kind).toBe("unhashed");
    });
  });

  it("finds any remainder behind any prefix, as the library's hash has it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 999 }), (prefix, remainder) => {
        const whole = Buffer.concat([prefix, Buffer.from(String(remainder).padStart(3, "0"))]);
        expect(findRemainder(prefix, createHash("sha256").update(whole).digest("hex"))).toBe(remainder);
      }),
      { numRuns: 300 },
    );
    expect(findRemainder(Buffer.from("x"), "0".repeat(64))).toBeNull();
  });

  it("writes any value as Go's encoder does, from whatever order and spacing it is stored in", () => {
    const value: fc.Arbitrary<GoJson> = fc.letrec<{ any: GoJson }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<GoJson>(null, true, false, -0, 1e-7, 1e21, 12345678901234567000),
        fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\u0000")),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\u0000") && text !== "__proto__"),
          tie("any"),
          { maxKeys: 4 },
        ),
      ),
    })).any;
    fc.assert(
      fc.property(value, (given) => {
        const arrived = goJson(given);
        const stored = JSON.stringify(JSON.parse(arrived), null, 1); // other spacing; minus zero is lost, as jsonb loses it
        const { forms } = canonicalJson(stored);
        if (forms > 512) return;
        expect([...textsOf(canonicalJson(stored))]).toContain(arrived);
      }),
      { numRuns: 500 },
    );
  });

  it("knows the ways to write a number that is stored so", () => {
    expect(numberForms("0")).toEqual(["0", "-0"]);
    expect(numberForms("0.0000001")).toEqual(["1e-7", "0.0000001"]);
    expect(numberForms("12345678901234567890")).toEqual(["12345678901234567000", "12345678901234567890"]);
    expect(numberForms("1.5")).toEqual(["1.5"]);
  });

  it("does not try more than 4,096 ways", () => {
    const [row] = vectorsIn(readFileSync(file, "utf8")).map(storedOfVector);
    const zeros = (count: number) => JSON.stringify(Array.from({ length: count }, () => 0));
    expect(recoverContent({ ...(row as NonNullable<typeof row>), diagnostics_json: zeros(13) }).kind).toBe("forms");
  });
});
