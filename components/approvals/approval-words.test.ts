import { expect, test } from "vitest";
import {
  executionLacks,
  mineInQueue,
  startedLink,
  timeLeft,
  voteProgress,
} from "@/components/approvals/approval-words";

const expiresAt = "2026-11-24T02:15:00.000Z";
const at = (text: string) => Date.parse(text);

test("the countdown rounds up, and zero means over", () => {
  const pending = { state: "pending", expiresAt } as const;
  expect(timeLeft(pending, at("2026-11-24T02:00:00.000Z"))).toEqual({ over: false, words: "15:00 left" });
  expect(timeLeft(pending, at("2026-11-24T02:14:59.900Z"))).toEqual({ over: false, words: "00:01 left" });
  expect(timeLeft(pending, at("2026-11-24T01:00:00.000Z"))).toEqual({ over: false, words: "01:15:00 left" });
  expect(timeLeft(pending, at(expiresAt))).toEqual({ over: true, words: "run out: ask again" });
});

test("what has ended counts nothing down, and the server renders no time", () => {
  expect(timeLeft({ state: "denied", expiresAt }, 0).over).toBe(true);
  expect(timeLeft({ state: "pending", expiresAt }, null)).toEqual({ over: false, words: "" });
});

test("votes are told as counted of needed", () => {
  const given = { votesNeeded: 1, lacksSecurity: false };
  expect(voteProgress({ ...given, votes: 0 })).toBe("0 of 1 vote");
  expect(voteProgress({ ...given, votes: 1, votesNeeded: 2 })).toBe("1 of 2 votes");
  const lacking = { ...given, lacksSecurity: true };
  expect(voteProgress({ ...lacking, votes: 0 })).toBe("0 of 1 vote, from security");
  expect(voteProgress({ ...lacking, votes: 1 })).toBe("1 of 2 votes: security's vote is still missing");
});

test("the queue says what it asks of the viewer, and nothing once it has ended", () => {
  expect(mineInQueue({ mine: "may-vote", state: "pending" })).toBe("You may vote");
  expect(mineInQueue({ mine: "requester", state: "approved" })).toContain("you may execute");
  expect(mineInQueue({ mine: "may-vote", state: "expired" })).toBe("–");
});

test("what an execution started is linked by its kind", () => {
  expect(startedLink("run:7")?.href).toBe("/playbooks/runs/7");
  expect(startedLink("freeze:7")?.href).toBe("/brakes/7");
  expect(startedLink("restart:7")?.href).toBe("/playbooks/restarts/7");
  expect(startedLink("stream-act:7", { stream: "a b" })?.href).toBe("/streams/a%20b");
  expect(startedLink("stream-act:7")).toBeNull();
  expect(startedLink("other:7")).toBeNull();
  expect(startedLink("run:")).toBeNull();
});

test("a change since the request stands in the way of executing", () => {
  const may = { vote: null, withdraw: null, cancel: null, execute: null };
  expect(executionLacks({ may, changed: null, changedUnknown: null })).toEqual([]);
  expect(executionLacks({ may, changed: "two bindings were added", changedUnknown: null })).toHaveLength(1);
});
