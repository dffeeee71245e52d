import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventSignature, wireEvent } from "@/sandbox/encoding/audit-event";
import { storedRowOf, type StoredRow } from "@/server/audit/verify/stored-row";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import { streamSignature } from "@/server/caracal/stream-signature";
import { entryOfLine, type ExactEntry, lineOf } from "@/server/caracal/streams/exact-entries";
import { classifyLetter, eventIdOf, type Known, replayLimit } from "./classify-letter";
import { readLetter } from "./read-letter";

const key = randomBytes(32);
const keys = { audit: key, streams: key };
const dlq = "caracal.audit.events.dlq";
const unknown: Known = { rows: [], session: null, replays: 0 };

const event = (over: { decision?: "allow" | "deny"; type?: string } = {}) =>
  wireEvent({
    id: "01a20a13-6949-7e27-9358-81e54cb2ecfa",
    zoneId: "zone-1",
    eventType: over.type ?? "token_exchange",
    requestId: "r",
    decision: over.decision ?? "deny",
    evaluationStatus: "complete",
    determiningPolicies: [{ policy: "base", weight: 1.5 }],
    diagnostics: [],
    metadata: { resource: "resource://a", jti: "j", client_id: "c" },
    occurredAt: 1_795_465_374_026_123_456n,
  });
const entry = (fields: Record<string, string>): ExactEntry => ({
  id: "1795465374026-0",
  fields: Object.entries(fields),
});
const letter = (reason: string, data = event(), sig = eventSignature(key, data)) =>
  readLetter(
    dlq,
    entry({ reason, received_at: "1", src_id: "01a20a13-6949-7e27-9358-81e54cb2ecfa", src_data: data, src_sig: sig }),
  );

/** The row that ingestion makes of an event: microseconds, the hash over the bytes that came. */
function rowOf(data: string, changed: Partial<StoredRow> = {}): StoredRow {
  const copy = readStreamCopy(data, "");
  if (copy === null) throw new Error("no event");
  const { columns, content } = copy;
  const row = storedRowOf((column) => columns[column], 1);
  return { ...row, occurred_at: "2026-11-23T20:22:54.026123Z", content_sha256: content, ...changed };
}
const judge = (given: ReturnType<typeof letter>, known: Partial<Known> = {}) =>
  classifyLetter(dlq, given, { ...unknown, ...known }, keys).class;

describe("an audit letter", () => {
  test.each([
    ["Postgres was away", letter("transient_exceeded_max_deliveries:connection refused"), {}, "missing"],
    ["the key was another one, and this one signed it", letter("hmac_verify_failed"), {}, "missing"],
    ["signed by nobody who has the key", letter("hmac_verify_failed", event(), "0".repeat(64)), {}, "bad-signature"],
    [
      "signed wrongly, whatever ingestion said",
      letter("transient_exceeded_max_deliveries:x", event(), "00"),
      {},
      "bad-signature",
    ],
    ["recorded by now", letter("transient_exceeded_max_deliveries:x"), { rows: [rowOf(event())] }, "recorded"],
    [
      "the row says something else",
      letter("transient_exceeded_max_deliveries:x"),
      { rows: [rowOf(event({ decision: "allow" }))] },
      "conflict",
    ],
    [
      "a column of the row was changed, its hash was not",
      letter("transient_exceeded_max_deliveries:x"),
      { rows: [rowOf(event(), { decision: "allow" })] },
      "conflict",
    ],
    [
      "another copy of the id stands at another time",
      letter("transient_exceeded_max_deliveries:x"),
      { rows: [rowOf(event(), { occurred_at: "2026-11-23T20:22:55.026123Z" })] },
      "conflict",
    ],
    ["a rewritten replay", letter("tamper_on_replay"), { rows: [rowOf(event({ decision: "allow" }))] }, "conflict"],
    ["a rewritten replay whose row agrees now", letter("tamper_on_replay"), { rows: [rowOf(event())] }, "conflict"],
    ["a rewritten replay whose row is gone", letter("tamper_on_replay"), {}, "conflict"],
    ["refused for good", letter("pg_permanent_error:ERROR: x (SQLSTATE 22P05)"), {}, "refused"],
    ["refused while Postgres was read-only", letter("pg_permanent_error:ERROR: x (SQLSTATE 25006)"), {}, "missing"],
    ["broken JSON", letter("json_parse_error:x", '{"id":'), {}, "unreadable"],
    ["read here but not by ingestion", letter("json_parse_error:cannot unmarshal number"), {}, "unreadable"],
    ["no zone", letter("hmac_verify_failed", '{"id":"a","occurred_at":"2026-11-23T20:22:54Z"}'), {}, "unreadable"],
    [
      "no time that Postgres takes",
      letter("hmac_verify_failed", '{"id":"a","zone_id":"z","occurred_at":"0000-01-01T00:00:00Z"}'),
      {},
      "unreadable",
    ],
    [
      "an id with NUL",
      letter("hmac_verify_failed", '{"id":"a\\u0000","zone_id":"z","occurred_at":"2026-11-23T20:22:54Z"}'),
      {},
      "unreadable",
    ],
    [
      "a replayed mandate, even signed and with its row absent",
      letter("transient_exceeded_max_deliveries:x", event({ type: "replay_detected" })),
      {},
      "security-signal",
    ],
    ["back for the third time", letter("transient_exceeded_max_deliveries:x"), { replays: replayLimit }, "quarantined"],
    [
      "back for the second time",
      letter("transient_exceeded_max_deliveries:x"),
      { replays: replayLimit - 1 },
      "missing",
    ],
  ] as const)("%s", (_what, given, known, wanted) => expect(judge(given, known)).toBe(wanted));

  test("without AUDIT_HMAC_KEY what ingestion refused stays refused, what it had taken goes back", () => {
    const blind = { audit: null, streams: null };
    const of = (reason: string) => classifyLetter(dlq, letter(reason), unknown, blind).class;
    expect([of("hmac_verify_failed"), of("transient_exceeded_max_deliveries:x")]).toEqual(["bad-signature", "missing"]);
    const why = (with_: typeof keys | typeof blind) =>
      classifyLetter(dlq, letter("transient_exceeded_max_deliveries:x"), unknown, with_).why;
    expect(why(blind)).toMatch(/no AUDIT_HMAC_KEY to look for itself/);
    expect(why(blind)).not.toMatch(/signature holds/);
    expect(why(keys)).toMatch(/its signature holds/);
  });

  test("only what is missing and signed is ever offered, whatever the reason and the row", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          "hmac_verify_failed",
          "tamper_on_replay",
          "pg_permanent_error:x",
          "json_parse_error:x",
          "transient_exceeded_max_deliveries:x",
          "new",
        ),
        fc.boolean(),
        fc.option(fc.constantFrom("allow", "deny"), { nil: null }),
        (reason, signed, stored) => {
          const given = letter(reason, event(), signed ? undefined : "0".repeat(64));
          const what = judge(given, { rows: stored === null ? [] : [rowOf(event({ decision: stored as "allow" }))] });
          if (what === "missing") expect([signed, stored]).toEqual([true, null]);
          if (what === "recorded") expect(stored).toBe("deny");
        },
      ),
    );
  });
});

describe("what goes back", () => {
  test("src_id is the event's id unless it is the stream's (trap 12)", () => {
    expect(letter("x").source).toEqual({
      id: "01a20a13-6949-7e27-9358-81e54cb2ecfa",
      data: event(),
      sig: eventSignature(key, event()),
    });
    expect(Object.keys(letter("x").source ?? {})).toEqual(["id", "data", "sig"]);
    const bare = readLetter(dlq, entry({ reason: "x", src_id: "1795465374381-1", src_data: "{}", src_more: "kept" }));
    expect(bare.source).toEqual({ data: "{}", more: "kept" });
    const odd = '{"id":"1795465374381-1","zone_id":"z","occurred_at":"2026-11-23T20:22:54Z"}';
    expect(readLetter(dlq, entry({ reason: "x", src_id: "1795465374381-1", src_data: odd })).source?.id).toBe(
      "1795465374381-1",
    );
  });

  test("it is known again when it returns under another reason and id", () => {
    const again = readLetter(dlq, {
      id: "2-0",
      fields: [
        ...entry({
          src_sig: eventSignature(key, event()),
          src_data: event(),
          reason: "other",
          src_id: "01a20a13-6949-7e27-9358-81e54cb2ecfa",
        }).fields,
      ],
    });
    expect(again.fingerprint).toBe(letter("x").fingerprint);
    expect(letter("x", event({ decision: "allow" })).fingerprint).not.toBe(letter("x").fingerprint);
  });

  test("bytes that are no text, and fields that come twice, go nowhere", () => {
    const bytes: ExactEntry = {
      id: "1-0",
      fields: [
        ["reason", "x"],
        ["src_data", { base64: "/w==" }],
      ],
    };
    const twice: ExactEntry = {
      id: "1-0",
      fields: [
        ["src_data", "a"],
        ["src_data", "b"],
      ],
    };
    for (const one of [bytes, twice]) {
      expect(readLetter(dlq, one).source).toBeNull();
      expect(classifyLetter(dlq, readLetter(dlq, one), unknown, keys).class).toBe("unreadable");
    }
  });

  test("an archived line gives back the entry, and holds no byte that a column refuses", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.record({ base64: fc.base64String() }));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (fields) => {
        const line = lineOf({ id: "1-0", fields });
        expect(entryOfLine(line)).toEqual({ id: "1-0", fields });
        expect(line).not.toMatch(/[\0\n]/);
      }),
    );
  });

  test("no letter, however broken, is more than unreadable", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("reason", "error", "values", "src_id", "src_data", "src_sig", "src_x"),
          fc.oneof(fc.string(), fc.json()),
        ),
        (fields) => {
          for (const stream of [dlq, "caracal.sessions.revoke.dead"]) {
            const read = readLetter(stream, entry(fields));
            expect(["unreadable", "bad-signature", "conflict", "refused", "security-signal"]).toContain(
              classifyLetter(stream, read, unknown, keys).class,
            );
            eventIdOf(read);
          }
        },
      ),
    );
  });
});

describe("a dead message", () => {
  const target = "caracal.sessions.revoke";
  const dead = (fields: Record<string, string>, signed = true) => {
    const all = signed ? { ...fields, _sig: streamSignature(key, target, fields) } : fields;
    return readLetter(
      `${target}.dead`,
      entry({ original_id: "1-0", error: "boom", values: JSON.stringify(all), _sig: "x" }),
    );
  };
  const of = (given: ReturnType<typeof dead>, known: Partial<Known> = {}) =>
    classifyLetter(`${target}.dead`, given, { ...unknown, ...known }, keys).class;
  const fields = { zone_id: "z", session_id: "s", reason: "stolen" };

  test("goes back when it is signed and its session lives; is done when the session is revoked", () => {
    expect(dead(fields).source).toEqual({ ...fields, _sig: expect.any(String) });
    expect(of(dead(fields), { session: "live" })).toBe("missing");
    expect(of(dead(fields), { session: "revoked" })).toBe("recorded");
    expect(of(dead(fields))).toBe("missing");
    expect(of(dead(fields, false), { session: "live" })).toBe("bad-signature");
    expect(of(dead({ zone_id: "z" }), { session: null })).toBe("unreadable");
    expect(of(dead(fields), { session: "live", replays: replayLimit })).toBe("quarantined");
    expect(classifyLetter(`${target}.dead`, dead(fields), unknown, { audit: key, streams: null }).class).toBe(
      "bad-signature",
    );
  });
});
