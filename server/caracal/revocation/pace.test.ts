import { describe, expect, it } from "vitest";
import { reasonToWait } from "./pace";

const group = (name: string, lag: number | null, used = true) => ({
  name,
  consumers: used ? 1 : 0,
  pending: 0,
  lastDeliveredId: "1-0",
  entriesRead: 1,
  lag,
  used,
});
const stream = (...groups: ReturnType<typeof group>[]) => ({ length: 90_000, firstId: "1-0", lastId: "9-0", groups });

describe("pacing", () => {
  it("lets a chunk go while every used group keeps up", () => {
    expect(reasonToWait(stream(group("sts-revocation", 100), group("gateway-revocation", 0)), 500, 100_000)).toBeNull();
  });
  it("waits for a group whose unread entries could be trimmed, and names it", () => {
    expect(reasonToWait(stream(group("sts-revocation", 97_600)), 500, 100_000)).toContain(
      "sts-revocation has 97600 unread",
    );
  });
  it("takes an unknown lag as the whole stream, and skips what nobody uses", () => {
    expect(reasonToWait(stream(group("sts-revocation", null)), 9_000, 100_000)).not.toBeNull();
    expect(reasonToWait(stream(group("siem-export", 99_999, false)), 500, 100_000)).toBeNull();
    expect(reasonToWait(stream(group("gateway-revocation", 99_999, false)), 500, 100_000)).not.toBeNull();
  });
});
