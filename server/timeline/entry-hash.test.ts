import { expect, test } from "vitest";
import { entryHash, entryText, type EntryRow } from "@/server/timeline/entry-hash";

const row: EntryRow = {
  chain: "11111111-2222-4333-8444-555555555555",
  seq: "1",
  at: "2026-11-24T02:03:04.000050Z",
  kind: "note.added",
  actor_id: null,
  actor_name: "Zoë",
  actor_roles: "",
  address: null,
  request_id: null,
  summary: "a",
  details: "{}",
  prev_hash: "0".repeat(64),
  hash: "",
};

test("each field is its length in bytes, a colon, the text and a line feed; null is a minus sign", () => {
  expect(entryText(row)).toBe(
    `caracal-timeline-1\n64:${"0".repeat(64)}\n36:11111111-2222-4333-8444-555555555555\n1:1\n27:2026-11-24T02:03:04.000050Z\n10:note.added\n-\n4:Zoë\n0:\n-\n-\n1:a\n2:{}\n`,
  );
});

test("text moved from one field to the next, and a null against an empty or minus text, give other hashes", () => {
  const hashes = [
    row,
    { ...row, actor_name: "Zo", actor_roles: "ë" },
    { ...row, address: "" },
    { ...row, address: "-" },
    { ...row, request_id: "-" },
    { ...row, summary: "a\n2:{}" },
  ].map(entryHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});
