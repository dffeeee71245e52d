import { describe, expect, it } from "vitest";
import type { ChecklistItem } from "@/server/playbooks/schemas";
import { exposureEnd, type ExposureFacts, exposureOf } from "./exposure";

const facts: ExposureFacts = {
  state: "wait",
  now: 1_000_000,
  live: 0,
  latestExpiry: 4_000_000,
  revokedAt: 900_000,
  lastPublishedAt: 910_000,
  perCallUntil: 1_700_000,
  checklist: [],
};
const by = (changes: Partial<ExposureFacts>) =>
  new Map(exposureOf({ ...facts, ...changes }).map((one) => [one.id, one]));
const item = (id: string, changes: Partial<ChecklistItem> = {}): ChecklistItem => ({
  id,
  label: `Do ${id}`,
  why: "because",
  command: null,
  doneBy: null,
  doneAt: null,
  skippedReason: null,
  ...changes,
});

describe("what can still work", () => {
  it("is every live mandate until something is revoked, and nothing when none is left", () => {
    const before = by({ revokedAt: null });
    expect([...before.keys()]).toEqual(["live-mandates"]);
    expect(before.get("live-mandates")?.until).toBe(4_000_000);
    expect(by({ revokedAt: null, latestExpiry: 999_999 }).size).toBe(0);
  });

  it("ends open responses 60 s after the last publication, and never before there is one", () => {
    expect(by({}).get("open-responses")?.until).toBe(970_000);
    expect(by({ lastPublishedAt: null }).get("open-responses")?.until).toBeNull();
  });

  it("lets per-call mandates run to their own expiry and ambient ones end at once", () => {
    expect(by({}).get("per-call")).toMatchObject({ from: 900_000, until: 1_700_000 });
    expect(by({ perCallUntil: 900_000 }).has("per-call")).toBe(false);
    expect(by({}).get("ambient")?.until).toBe(900_000);
  });

  it("is open-ended for sessions live again and for secrets nobody has replaced; skipping replaces nothing", () => {
    expect(by({ live: 2 }).get("live-again")).toMatchObject({ what: "2 live sessions of the subject", until: null });
    const doneAt = new Date(950_000).toISOString();
    const left = by({
      checklist: [
        item("a"),
        item("b", { doneAt }),
        item("c", { doneAt, skippedReason: "no" }),
        item("remaining-exposure"),
      ],
    });
    expect(["a", "b", "c", "remaining-exposure"].map((id) => left.has(id))).toEqual([true, false, true, false]);
  });

  it("tells when the last exposure with an end is over", () => {
    expect(exposureEnd(exposureOf(facts))).toBe(1_700_000);
    expect(exposureEnd([])).toBeNull();
  });
});
