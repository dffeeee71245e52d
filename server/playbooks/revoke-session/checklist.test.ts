import { describe, expect, it } from "vitest";
import { checklistFor, remainingExposureItem } from "./checklist";

const outlives = {
  applications: [{ id: "app-1", name: "Billing" }],
  grants: [{ id: "g-1", provider: "GitHub", providerId: "p-1" }],
};

describe("what a revocation does not reach", () => {
  it("names each secret and token with its exact call, and the rest to wait out", () => {
    const items = checklistFor("zone'1", outlives, []);
    expect(items.map((item) => item.id)).toEqual([
      "application-secret:app-1",
      "provider-token:g-1",
      remainingExposureItem,
    ]);
    const [secret, token] = items;
    expect(secret?.command).toContain("-X PATCH");
    expect(secret?.command).toContain("/v1/zones/zone'\\''1/applications/app-1");
    expect(secret?.command).toContain("UPDATE applications SET archived_at = now()");
    expect(secret?.command).toContain("$NEW_CLIENT_SECRET");
    expect(token?.label).toContain("GitHub");
    expect(token?.command).toContain("-X DELETE");
    expect(token?.command).toContain("/grants/g-1");
  });

  it("falls back to the provider's id, then to words", () => {
    const label = (provider: string | null, providerId: string | null) =>
      checklistFor("z", { applications: [], grants: [{ id: "g", provider, providerId }] }, [])[0]?.label;
    expect(label(null, "p-9")).toContain("p-9");
    expect(label(null, null)).toContain("its provider");
  });

  it("shows who settled an item, when and why it was skipped", () => {
    const doneAt = new Date("2026-11-20T03:00:00Z");
    const [secret, token] = checklistFor("z", outlives, [
      { item: "application-secret:app-1", doneBy: "Dana", doneAt, skippedReason: "archived by hand" },
    ]);
    expect(secret).toMatchObject({ doneBy: "Dana", doneAt: doneAt.toISOString(), skippedReason: "archived by hand" });
    expect(token).toMatchObject({ doneBy: null, doneAt: null, skippedReason: null });
  });
});
