import { expect, test } from "vitest";
import { mentionedNames } from "@/server/incidents/mentions";

test.each([
  ["@dana please look", ["dana"]],
  ["ask (@Remy.Okafor), then @sol.", ["remy.okafor", "sol"]],
  ["mail dana@example.org", []],
  ["@dana @dana\n@ari-x", ["dana", "ari-x"]],
  ["@", []],
])("%j mentions %j", (text, names) => expect(mentionedNames(text)).toEqual(names));
