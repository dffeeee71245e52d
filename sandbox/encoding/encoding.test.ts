import { readFileSync } from "node:fs";
import { parse } from "lossless-json";
import { describe, expect, it } from "vitest";
import { chainHmac, contentSha256, eventSignature, readEvent, wireEvent, type AuditEvent } from "./audit-event";
import { type GoJson, goJson } from "./go-json";
import { parseRfc3339, postgresTime, rfc3339Nano } from "./go-time";
import { rawMembers } from "./raw-members";
import { openPacked, openSeal, seal, sealPacked } from "./seal";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const recordingFolder = "../fixtures/recorded-incident/";
const keys = JSON.parse(read(`${recordingFolder}keys.json`)) as Record<"ZONE_KEK" | "AUDIT_HMAC_KEY", string>;
const auditKey = Buffer.from(keys.AUDIT_HMAC_KEY, "hex");
const audit = JSON.parse(read("../vectors/audit-content-hash.json")) as {
  vectors: {
    wire_data: string;
    nanosecond_remainder: number;
    stored: {
      occurred_at: string;
      content_sha256: string;
      prev_content_sha256: string | null;
      chain_hmac: string;
    };
  }[];
};

/** Numbers as STS holds them: float64, or the integer itself where float64 cannot hold it (metadata keeps those). */
const number = (text: string): number | bigint => {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
};

function eventOf(data: string): AuditEvent {
  const arrived = readEvent(data);
  const value = (text: string) => parse(text, undefined, number) as GoJson;
  const given = rawMembers(data);
  return {
    id: arrived.id,
    zoneId: arrived.zone_id,
    eventType: arrived.event_type,
    requestId: arrived.request_id,
    decision: arrived.decision as AuditEvent["decision"],
    policySetId: arrived.policy_set_id,
    policySetVersionId: arrived.policy_set_version_id,
    manifestSha: arrived.manifest_sha,
    evaluationStatus: arrived.evaluation_status,
    determiningPolicies: value(arrived.determining_policies_json),
    diagnostics: value(arrived.diagnostics_json),
    ...(given.has("metadata_json") ? { metadata: value(arrived.metadata_json) } : {}),
    occurredAt: arrived.occurredAt,
  };
}

describe("audit event vectors", () => {
  it("rebuilds every wire event, hash and seal of the real encoder", () => {
    expect(audit.vectors.length).toBeGreaterThan(10);
    for (const { wire_data, stored, nanosecond_remainder } of audit.vectors) {
      expect(wireEvent(eventOf(wire_data))).toBe(wire_data);
      const arrived = readEvent(wire_data);
      const content = contentSha256(arrived);
      expect(content).toBe(stored.content_sha256);
      expect(chainHmac(Buffer.from("0123456789abcdef0123456789abcdef"), content, stored.prev_content_sha256)).toBe(
        stored.chain_hmac,
      );
      expect(arrived.occurredAt % 1_000n).toBe(BigInt(nanosecond_remainder));
      expect(parseRfc3339(postgresTime(arrived.occurredAt))).toBe(parseRfc3339(stored.occurred_at));
    }
  });
});

describe("recorded stream", () => {
  it("rebuilds data and signature of every event that STS wrote", () => {
    const lines = read(`${recordingFolder}before/caracal.audit.events.jsonl`).trim().split("\n");
    const mine = new Set(read(`${recordingFolder}before/audit_events.csv`).match(/^[0-9a-f-]{36}(?=,)/gm));
    const signed = lines
      .map((line) => (JSON.parse(line) as { fields: Record<string, string> }).fields)
      .filter(({ id, data, sig }) => mine.has(id ?? "") && sig === eventSignature(auditKey, data ?? ""));
    const ids = new Set<string>();
    for (const { id, data } of signed) {
      if (!ids.has(id ?? "")) expect(wireEvent(eventOf(data ?? ""))).toBe(data);
      ids.add(id ?? "");
    }
    expect(ids.size).toBe(647);
  });
});

describe("Go's JSON", () => {
  it.each<[GoJson, string]>([
    [-0, "-0"],
    [1.5, "1.5"],
    [1e-7, "1e-7"],
    [1e-6, "0.000001"],
    [1e21, "1e+21"],
    [1e20, "100000000000000000000"],
    [Number("12345678901234567890"), "12345678901234567000"],
    [578965575277355211n, "578965575277355211"],
    [
      '<a>&\u2028\u2029\u0007\b"\\\u007f\ud800é😀',
      '"\\u003ca\\u003e\\u0026\\u2028\\u2029\\u0007\\b\\"\\\\\u007f\\ufffdé😀"',
    ],
    [{ b: 1, a: [null, true], "\uffff": 1, "😀": 2 }, '{"a":[null,true],"b":1,"\uffff":1,"😀":2}'],
  ])("writes case %#", (value, text) => {
    expect(goJson(value)).toBe(text);
  });

  it("refuses what JSON cannot hold", () => {
    expect(() => goJson(Number.NaN)).toThrow(RangeError);
  });
});

describe("times", () => {
  it("drops trailing zeros as Go does and truncates as Postgres does", () => {
    expect(rfc3339Nano(1_795_465_374_025_962_270n)).toBe("2026-11-23T20:22:54.02596227Z");
    expect(rfc3339Nano(1_795_465_374_000_000_000n)).toBe("2026-11-23T20:22:54Z");
    expect(postgresTime(1_795_465_374_025_962_999n)).toBe("2026-11-23T20:22:54.025962Z");
    expect(parseRfc3339("2026-11-23T21:22:54.5+01:00")).toBe(1_795_465_374_500_000_000n);
    expect(parseRfc3339("yesterday")).toBeNull();
  });
});

describe("raw members", () => {
  it("keeps bytes as they arrived, the last of a repeated key", () => {
    const raw = rawMembers('{ "a" : [1, "]}"] ,"b":1.50,\n"c":{"x" : "\\"}"},"a": null , "d":"q,\\"x"}');
    expect([...raw]).toEqual([
      ["a", "null"],
      ["b", "1.50"],
      ["c", '{"x" : "\\"}"}'],
      ["d", '"q,\\"x"'],
    ]);
  });
});

describe("seals", () => {
  const file = JSON.parse(read("../vectors/kek-seal.json")) as {
    zone_kek_hex: string;
    vectors: { plaintext_utf8: string; nonce_hex?: string; ciphertext_hex?: string; packed_hex?: string }[];
  };
  const kek = Buffer.from(file.zone_kek_hex, "hex");

  it.each(file.vectors)("matches $plaintext_utf8", ({ plaintext_utf8, nonce_hex, ciphertext_hex, packed_hex }) => {
    const plaintext = Buffer.from(plaintext_utf8);
    if (packed_hex !== undefined) {
      const packed = Buffer.from(packed_hex, "hex");
      expect(sealPacked(kek, plaintext, packed.subarray(0, 12)).toString("hex")).toBe(packed_hex);
      expect(openPacked(kek, packed)).toEqual(plaintext);
      return;
    }
    const nonce = Buffer.from(nonce_hex ?? "", "hex");
    expect(seal(kek, plaintext, nonce).ciphertext.toString("hex")).toBe(ciphertext_hex);
    expect(openSeal(kek, { nonce, ciphertext: Buffer.from(ciphertext_hex ?? "", "hex") })).toEqual(plaintext);
  });

  it("does not open under another key", () => {
    const sealed = seal(kek, Buffer.from("x"));
    expect(() => openSeal(Buffer.alloc(32, 7), sealed)).toThrow();
  });
});
