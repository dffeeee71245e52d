import { expect, test } from "vitest";
import { estimateUnread } from "./unread-estimate";

const stream = {
  length: 1_000,
  firstId: "1000-0",
  lastEntryId: "2000-5",
  lastId: "2000-5",
  entriesAdded: null,
  maxDeletedId: null,
};

test("where a position lies between the first and the last id says about how much is unread", () => {
  expect(estimateUnread(stream, "1750-0")).toBe(250);
  expect(estimateUnread(stream, "2000-4")).toBe(1); // something, though the clock cannot tell it apart
  expect(estimateUnread(stream, "0-0")).toBe(1_000);
  expect(estimateUnread({ ...stream, lastEntryId: "1000-9" }, "1000-3")).toBeNull();
  expect(estimateUnread({ ...stream, firstId: null }, "1750-0")).toBeNull();
});
