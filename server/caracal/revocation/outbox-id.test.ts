import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outboxId, roundOfReference } from "./outbox-id";

describe("outbox ids", () => {
  it("are the same each time, UUID-shaped, and tell their round only to their own run and sid", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 65_535 }), (run, sid, round) => {
        const id = outboxId(run, sid, round);
        expect(id).toBe(outboxId(run, sid, round));
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(roundOfReference(id, run, sid)).toBe(round);
        expect(roundOfReference(id, run, `${sid}x`)).toBeNull();
      }),
    );
  });
});
