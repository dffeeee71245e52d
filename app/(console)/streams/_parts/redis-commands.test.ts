import { expect, test } from "vitest";
import { entriesCommand, groupsCommand, pendingCommand, shellQuote } from "./redis-commands";

test("names that a shell would take apart are quoted", () => {
  expect(shellQuote("caracal.keys.invalidate")).toBe("caracal.keys.invalidate");
  expect(shellQuote("a'b; rm")).toBe("'a'\\''b; rm'");
  expect(shellQuote("(10-0")).toBe("'(10-0'");
});

test("the commands read what the page reads, bounded", () => {
  expect(entriesCommand("s", "newest", null, 50)).toBe('redis-cli -u "$CARACAL_REDIS_URL" XREVRANGE s + - COUNT 50');
  expect(entriesCommand("s", "oldest", "10-0", 50)).toBe(
    `redis-cli -u "$CARACAL_REDIS_URL" XRANGE s '(10-0' + COUNT 50`,
  );
  expect(pendingCommand("s", "g", null, 50)).toBe('redis-cli -u "$CARACAL_REDIS_URL" XPENDING s g - + 50');
  expect(groupsCommand("s", ["g"]).split("\n")).toHaveLength(2);
});
