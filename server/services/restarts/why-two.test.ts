import { describe, expect, test } from "vitest";
import { type Standing, whyTwo } from "@/server/services/restarts/why-two";

const ready: Standing = { ready: true, reachable: true, refused: false, stopped: false, pending: 0 };
const deaf: Standing = { ...ready, ready: false };
const down: Standing = { ready: false, reachable: false, refused: true, stopped: false, pending: null };
const silent: Standing = { ...down, refused: false };
const stopped: Standing = { ...silent, stopped: true };

/** Restarting sts-1 of replicas that stand like this. */
const ask = (standing: readonly Standing[], over: { restarting?: string[]; keepsFiles?: boolean } = {}) => {
  const all = standing.map((_, at) => ({ id: `sts-${at + 1}`, kind: "sts" as const }));
  return whyTwo({
    place: { target: "sts-1", replicas: ["sts-1"] },
    all,
    standing: new Map(standing.map((one, at) => [`sts-${at + 1}`, one])),
    restarting: new Set(over.restarting ?? []),
    keepsFiles: over.keepsFiles ?? true,
  });
};

describe("one person restarts", () => {
  test.each([
    ["one that is down while another is ready", [down, ready]],
    ["one that gives no answer while another is ready", [silent, ready]],
    ["one of two that are ready", [ready, ready]],
    ["the only one there is, when nothing listens there", [down]],
    ["one that says it is not ready, whatever the other is", [deaf, silent]],
    ["one that is down beside one that is not ready", [down, deaf]],
    ["the only one there is, when the runtime says that it is stopped", [stopped]],
    ["one that the runtime says is stopped, though its sibling gives no answer", [stopped, silent]],
  ])("%s", (_, standing) => {
    expect(ask(standing)).toBeNull();
  });
});

describe("two people restart", () => {
  test.each([
    ["the only one that is ready", [ready, down], /sts-1 is the only one that is/],
    ["one of several of which none answers", [down, down], /No sts answers from here/],
    ["one of several that are all cut off", [silent, silent], /No sts answers from here/],
    ["the only one there is, which may serve elsewhere", [silent], /does not say that it is down/],
    ["one that may serve elsewhere beside one that is not ready", [silent, deaf], /no other sts is ready/],
    ["one that may serve elsewhere, though its sibling is stopped", [silent, stopped], /No sts answers from here/],
  ])("%s", (_, standing, reason) => {
    expect(ask(standing)).toMatch(reason);
  });

  test("one whose ready sibling is being restarted; its own order is no reason", () => {
    expect(ask([ready, ready], { restarting: ["sts-2"] })).toMatch(/sts-1 is the only one that is; sts-2 is being/);
    expect(ask([ready, ready], { restarting: ["sts-1"] })).toBeNull();
  });

  test("an STS that does not say what its spool holds, where the container is replaced (trap 17)", () => {
    const hung: Standing = { ...ready, pending: null };
    expect(ask([hung, ready], { keepsFiles: false })).toMatch(/sts-1 does not say what it holds/);
    expect(ask([hung, ready])).toBeNull();
    expect(ask([ready, hung], { keepsFiles: false })).toBeNull();
  });
});
