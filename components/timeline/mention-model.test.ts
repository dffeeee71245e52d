import { expect, test } from "vitest";
import { completeMention, mentionAt, splitMentions } from "@/components/timeline/mention-model";

test("a mention is being typed from its @ to the caret", () => {
  expect(mentionAt("ask @da", 7)).toEqual({ start: 4, text: "da" });
  expect(mentionAt("@", 1)).toEqual({ start: 0, text: "" });
  expect(mentionAt("ask @dana re", 12)).toEqual({ start: 4, text: "dana re" });
});

test("an address, a finished sentence or a third word is no mention", () => {
  expect(mentionAt("mail ops@example.test", 21)).toBeNull();
  expect(mentionAt("@dana, please look", 18)).toBeNull();
  expect(mentionAt("@dana please look at", 20)).toBeNull();
  expect(mentionAt("nobody", 6)).toBeNull();
});

test("completing puts the whole name and one space, and keeps what follows", () => {
  const mention = mentionAt("ask @da now", 7);
  expect(mention).not.toBeNull();
  if (mention === null) return;
  expect(completeMention("ask @da now", 7, mention, "Dana Responder")).toEqual({
    text: "ask @Dana Responder now",
    caret: 20,
  });
});

test("names are marked where they stand, the longest first", () => {
  expect(splitMentions("@Ann Lee and @Ann: look", ["Ann", "Ann Lee"]).map((part) => [part.text, part.mention])).toEqual(
    [
      ["@Ann Lee", true],
      [" and ", false],
      ["@Ann", true],
      [": look", false],
    ],
  );
  expect(splitMentions("plain @nobody", ["Ann"])).toEqual([{ at: 0, text: "plain @nobody", mention: false }]);
});
