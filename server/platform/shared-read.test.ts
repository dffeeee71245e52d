import { expect, test } from "vitest";
import { forgetReads, sharedRead } from "./shared-read";

test("who asks the same meanwhile shares one read; failures and forgotten ones are read again", async () => {
  const source = {};
  let reads = 0;
  const ask = (key = "page", ttlMs = 60_000) =>
    sharedRead(source, key, ttlMs, async () => {
      reads += 1;
      if (reads === 3) throw new Error("away");
      return reads;
    });
  expect(await Promise.all(Array.from({ length: 200 }, () => ask()))).toEqual(Array.from({ length: 200 }, () => 1));
  expect(await ask("other")).toBe(2);
  forgetReads(source);
  await expect(ask()).rejects.toThrow("away");
  expect(await ask()).toBe(4);
  expect(await ask("page", 0)).toBe(5);
  expect(await sharedRead({}, "page", 60_000, async () => "another source")).toBe("another source");
});
