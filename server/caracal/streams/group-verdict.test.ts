import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GroupPosition, groupVerdict, type StreamPosition } from "./group-verdict";

const id = (n: number) => `${n}-0`;

/** A stream of entries 1..added of which the oldest `trimmed` are gone; a group that was given 1..read. */
function arrange(added: number, trimmed: number, read: number, over: Partial<GroupPosition> = {}) {
  const length = added - trimmed;
  const stream: StreamPosition = {
    length,
    firstId: length === 0 ? null : id(trimmed + 1),
    lastEntryId: length === 0 ? null : id(added),
    lastId: id(added),
    entriesAdded: added,
    maxDeletedId: "0-0",
  };
  const group: GroupPosition = {
    lastDeliveredId: id(read),
    entriesRead: read === 0 ? null : read,
    lag: trimmed > read ? null : added - read,
    pending: 0,
    consumers: 1,
    hasReader: true,
    witnessedUnreadId: null,
    ...over,
  };
  return { stream, group };
}

describe("groupVerdict", () => {
  it("tells every position apart, whatever was added, trimmed and read", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), fc.nat(300), fc.nat(5), (a, b, c, pending) => {
        const [trimmed = 0, , added = 0] = [a, b, c].sort((x, y) => x - y);
        const read = Math.min(b, added);
        const { stream, group } = arrange(added, trimmed, read, { pending });
        const judged = groupVerdict(stream, group);
        const lost = read === 0 ? 0 : Math.max(0, trimmed - read);
        const unread = added - Math.max(trimmed, read);
        expect(judged.lost).toBe(lost > 0);
        if (lost > 0) expect(judged.lostCount).toBe(lost);
        expect(judged.unread).toBe(unread);
        const wanted =
          lost > 0 ? "lost" : unread > 0 ? "behind" : pending > 0 ? "pending" : read === 0 ? "idle" : "all-read";
        expect(judged.verdict).toBe(wanted);
      }),
    );
  });

  it("calls a group that nothing reads never used, full stream or empty, trimmed or not: neither lag nor loss", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (a, b) => {
        const { stream, group } = arrange(Math.max(a, b), Math.min(a, b), 0, {
          hasReader: false,
          consumers: 0,
          lag: a,
        });
        expect(groupVerdict(stream, group)).toEqual({
          verdict: "never-used",
          lost: false,
          lostCount: null,
          unread: null,
        });
      }),
    );
  });

  it("does not take pending 0 for proof: never delivered to a group with a reader is behind", () => {
    const { stream, group } = arrange(5, 0, 0);
    expect(groupVerdict(stream, group)).toMatchObject({ verdict: "behind", unread: 5 });
  });

  it("compares ids when lag is null or wrong", () => {
    const { stream, group } = arrange(50, 40, 50, { lag: 7, entriesRead: 43 });
    expect(groupVerdict(stream, group)).toMatchObject({ verdict: "all-read", unread: 0, lost: false });
    expect(groupVerdict(stream, { ...group, lastDeliveredId: id(45), lag: null, entriesRead: 45 })).toMatchObject({
      verdict: "behind",
      unread: 5,
    });
  });

  it("without a read counter says lost only on evidence: an entry once seen unread is gone", () => {
    const { stream, group } = arrange(50, 40, 10, { entriesRead: null });
    expect(groupVerdict(stream, group)).toMatchObject({ verdict: "behind", lost: false, unread: 10 });
    expect(groupVerdict(stream, { ...group, witnessedUnreadId: id(11) })).toMatchObject({
      verdict: "lost",
      lostCount: null,
    });
    expect(groupVerdict({ ...stream, maxDeletedId: id(20) }, group)).toMatchObject({
      verdict: "lost",
      lostCount: null,
    });
  });
});
