import { expect, test } from "vitest";
import { completeMention, mentionAt, splitMentions } from "@/components/timeline/mention-model";

test("a mention is being typed from its @ to the caret", () => {
  expect(mentionAt("ask @da", 7)).toEqual({ start: 4, text: "da" });
  expect(mentionAt("@", 1)).toEqual({ start: 0, text: "" });
  expect(mentionAt("ask @dana now", 6)).toEqual({ start: 4, text: "d" });
});

test("an address or a finished word is no mention", () => {
  expect(mentionAt("mail ops@example.test", 21)).toBeNull();
  expect(mentionAt("@dana please", 12)).toBeNull();
  expect(mentionAt("nobody", 6)).toBeNull();
});

test("completing puts the whole user name and one space, and keeps what follows", () => {
  expect(completeMention("ask @da now", 7, { start: 4, text: "da" }, "dana.r")).toEqual({
    text: "ask @dana.r now",
    caret: 12,
  });
});

test("user names are marked where they stand; a full stop after one belongs to the sentence", () => {
  expect(splitMentions("@dana.r and (@remy). Not ops@example.test").map((part) => [part.text, part.mention])).toEqual([
    ["@dana.r", true],
    [" and (", false],
    ["@remy", true],
    ["). Not ops@example.test", false],
  ]);
  expect(splitMentions("plain")).toEqual([{ at: 0, text: "plain", mention: false }]);
});
