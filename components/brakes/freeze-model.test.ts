import { expect, test } from "vitest";
import { freezeSteps, freezeWords, provedOf, replicaWords } from "@/components/brakes/freeze-model";

const times = {
  requestedAt: "2026-11-24T02:00:00.000Z",
  nulledAt: "2026-11-24T02:00:01.000Z",
  frozenAt: null,
  thawRequestedAt: null,
  restoredAt: null,
  thawedAt: null,
};
const marks = (given: Partial<typeof times> | object) =>
  freezeSteps({ ...times, ...given }, "1 of 2 STS proved").map(({ mark }) => mark);

test("a freeze whose replicas are not proved is not frozen", () => {
  expect(marks({})).toEqual(["done", "done", "current"]);
  expect(marks({ nulledAt: null })).toEqual(["done", "current", "todo"]);
  expect(marks({ frozenAt: times.nulledAt })).toEqual(["done", "done", "done"]);
});

test("a thaw that overtakes an unproved freeze does not wait for it", () => {
  const steps = freezeSteps({ ...times, thawRequestedAt: "2026-11-24T02:00:05.000Z" }, null);
  expect(steps.map(({ label }) => label)).not.toContain("Frozen: proved on every STS");
  expect(steps.find(({ mark }) => mark === "current")?.label).toBe("Policy bindings put back");
});

test("a replica that heard nothing is counted down to its poll, and not called proved at zero", () => {
  const waiting = { deliveredAt: null, polledAt: null, pollBy: "2026-11-24T02:01:00.000Z" };
  const at = (text: string) => replicaWords(waiting, Date.parse(text));
  expect(at("2026-11-24T02:00:20.400Z")).toEqual({
    proved: false,
    words: "Not handed to it yet; its poll passes in 40 s",
  });
  expect(at("2026-11-24T02:01:00.000Z").proved).toBe(false);
  expect(replicaWords({ ...waiting, polledAt: waiting.pollBy }, 0).proved).toBe(true);
  expect(replicaWords({ ...waiting, pollBy: null }, 0).words).toBe("Cannot be told yet");
});

test("proved replicas are counted by delivery or poll", () => {
  const none = { deliveredAt: null, polledAt: null, pollBy: null };
  expect(provedOf([none, { ...none, deliveredAt: times.requestedAt }, { ...none, polledAt: times.requestedAt }])).toBe(
    "2 of 3 STS proved",
  );
});

test("frozen is only said once it is proved", () => {
  expect(freezeWords({ ...times, nulledAt: null })).toBe("Is being frozen");
  expect(freezeWords(times)).toBe("Bindings taken, not proved yet");
  expect(freezeWords({ ...times, frozenAt: times.nulledAt })).toBe("Frozen");
  expect(freezeWords({ ...times, thawRequestedAt: times.nulledAt })).toBe("Is being thawed");
});
