import { describe, expect, it } from "vitest";
import type { RevocationGroup } from "@/server/caracal/revocation/revocation-groups";
import { judgeRun, type Observations, type PublicationFacts } from "./proof";

const now = 1_800_000_000_000;
const entryAt = now - 10_000;
const entry = `${entryAt}-0`;
const group = (name: string, facts: Partial<RevocationGroup> = {}): RevocationGroup => ({
  name,
  consumers: 1,
  pending: 0,
  lastDeliveredId: entry,
  entriesRead: 1,
  lag: 0,
  used: true,
  ...facts,
});
const target = (publication: Partial<PublicationFacts> = {}): Observations["targets"][number] => ({
  sid: "s1",
  expiresAt: new Date(now + 600_000),
  sweep: 1,
  outcome: "revoked",
  publications: [{ outboxId: "o1", streamId: entry, signature: "valid", ...publication }],
});
const nonePending = { pending: new Set<string>(), unknown: new Set<string>() };

/** One revocation that every witness confirms; `changes` takes a witness away. */
function look(changes: Partial<Observations> = {}): Observations {
  const names = ["sts-revocation", "gateway-revocation", "resource-revocation"];
  return {
    now,
    targets: [target()],
    provedBefore: 0,
    outbox: new Map([["o1", { state: "dispatched", at: new Date(entryAt).toISOString(), error: null }]]),
    statuses: new Map([["s1", "revoked"]]),
    stream: { length: 1, firstId: entry, lastId: entry, groups: names.map((name) => group(name)) },
    pending: new Map(names.map((name) => [name, nonePending])),
    resourceKeys: new Set(["s1"]),
    hasKey: true,
    gateways: [],
    gained: { count: 1, readAt: now },
    knownGroups: [],
    live: 0,
    trouble: [],
    ...changes,
  };
}
const withGroup = (name: string, facts: Partial<RevocationGroup> | null): Partial<Observations> => {
  const { stream } = look();
  const others = stream.groups.filter((one) => one.name !== name);
  return { stream: { ...stream, groups: facts === null ? others : [...others, group(name, facts)] } };
};
const missing = (changes: Partial<Observations>) => {
  const { proof } = judgeRun(look(changes));
  const [first] = proof.targets;
  expect(first?.proved).toBe(first?.missing === null);
  return first?.missing ?? null;
};

describe("the proof of one revocation", () => {
  it("is whole when every witness confirms", () => {
    const { proof, provedSids } = judgeRun(look());
    expect(proof).toMatchObject({ total: 1, proved: 1, summary: "1 of 1 proved" });
    expect(provedSids).toEqual(["s1"]);
  });

  it.each<[string, Partial<Observations>, string]>([
    ["the row is active", { statuses: new Map([["s1", "active"]]) }, "active in Postgres"],
    ["the outbox row is missing", { outbox: new Map() }, "outbox row is missing"],
    [
      "nothing is dispatched",
      { outbox: new Map([["o1", { state: "written", at: null, error: null }]]) },
      "not published",
    ],
    ["the row is parked", { outbox: new Map([["o1", { state: "parked", at: null, error: "boom" }]]) }, "parked: boom"],
    ["the entry is not found", { targets: [target({ streamId: null, signature: null })] }, "stream entry is not found"],
    ["the signature is wrong", { targets: [target({ signature: "invalid" })] }, "consumers drop it"],
    ["there is no signature", { targets: [target({ signature: "missing" })] }, "no signature"],
    ["the signature is unchecked", { targets: [target({ signature: null })] }, "not checked yet"],
    [
      "a group has not read it",
      withGroup("sts-revocation", { lastDeliveredId: `${entryAt - 1}-0` }),
      "not yet read by sts",
    ],
    [
      "a group has it pending",
      { pending: new Map(look().pending).set("sts-revocation", { ...nonePending, pending: new Set([entry]) }) },
      "delivered to sts-revocation but not acknowledged",
    ],
    [
      "it was trimmed unread",
      {
        stream: {
          ...look().stream,
          firstId: `${entryAt + 5}-0`,
          groups: [group("gateway-revocation"), group("sts-revocation", { lastDeliveredId: `${entryAt - 1}-0` })],
        },
      },
      "trimmed before sts-revocation read it",
    ],
    ["pending was not asked", { pending: new Map() }, "nothing known of"],
  ])("is not whole when %s", (_, changes, words) => {
    expect(missing(changes)).toContain(words);
  });

  it("does not take PEL 0 for a group that was destroyed", () => {
    expect(missing(withGroup("sts-revocation", null))).toContain("sts-revocation does not exist on the stream");
    expect(missing(withGroup("gateway-revocation", null))).toContain("gateway-revocation does not exist on the stream");
    const lines = judgeRun(look(withGroup("sts-revocation", null))).proof.groups;
    expect(lines.find((line) => line.group === "sts-revocation")).toMatchObject({
      passed: 0,
      required: true,
      note: expect.stringContaining("does not exist"),
    });
  });

  it("goes on requiring a group that was in use before and is gone now", () => {
    const gone = { ...withGroup("resource-revocation", null), resourceKeys: new Set<string>() };
    expect(missing(gone)).toBeNull();
    expect(missing({ ...gone, knownGroups: ["resource-revocation"] })).toContain("resource-revocation does not exist");
  });

  it("does not take the position of a group made anew for reading", () => {
    expect(missing(withGroup("sts-revocation", { consumers: 0, entriesRead: null }))).toContain("has no consumer");
  });

  it("says that consumers acknowledged and dropped it when their key is another: no resource key", () => {
    const words = missing({ resourceKeys: new Set() });
    expect(words).toContain("acknowledged and dropped");
    expect(words).toContain("STREAMS_HMAC_KEY");
  });

  it("says so from the gateways' counts alone, and waits for a count read after the entry", () => {
    const noResource = withGroup("resource-revocation", null);
    expect(missing({ ...noResource, gained: { count: 0, readAt: now } })).toMatch(
      /acknowledged 1, but its replicas count 0 of them: consumers acknowledged and dropped/,
    );
    expect(missing({ ...noResource, gained: { count: 0, readAt: entryAt + 500 } })).toContain("not read since");
    expect(missing({ ...noResource, gained: null })).toBeNull(); // counts cannot tell: a restart, a silent replica
    expect(missing({ ...noResource, gained: { count: 1, readAt: now } })).toBeNull();
  });

  it("counts what was proved before when it compares with the gateways", () => {
    expect(missing({ provedBefore: 600, gained: { count: 600, readAt: now } })).toContain("count 600 of them");
    expect(missing({ provedBefore: 600, gained: { count: 601, readAt: now } })).toBeNull();
  });

  it("does not miss effects that consumers have forgotten by now, a day later", () => {
    const old = `${now - 25 * 3_600_000}-0`;
    const facts = { targets: [target({ streamId: old })], resourceKeys: new Set<string>() };
    expect(missing({ ...facts, gained: { count: 0, readAt: now } })).toBeNull();
  });

  it("asks for no entry of sessions that somebody else revoked, and says when signatures are not checked", () => {
    const other = { ...target(), outcome: "already-revoked" as const, publications: [] };
    expect(missing({ targets: [other], outbox: new Map() })).toBeNull();
    const { proof } = judgeRun(look({ hasKey: false, targets: [target({ signature: null })] }));
    expect(proof).toMatchObject({ proved: 1, signatureNote: expect.stringContaining("not checked") });
  });

  it("sums up the commonest reason first, with the age of the oldest entry", () => {
    const targets = ["s1", "s2", "s3"].map((sid) => ({ ...target(), sid }));
    const statuses = new Map(targets.map((one) => [one.sid, "revoked"]));
    const { proof } = judgeRun(look({ targets, statuses, resourceKeys: new Set(["s1"]), gained: null }));
    expect(proof.summary).toMatch(/^1 of 3 proved · 2 resource-revocation acknowledged it.* · oldest 10 s$/);
  });
});
