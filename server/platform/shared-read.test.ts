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

test("a read that takes longer than it is kept for is joined and not begun again beside itself", async () => {
  const source = {};
  let [begun, end] = [0, (): void => undefined];
  const ask = () =>
    sharedRead(source, "slow", 0, async () => {
      begun += 1;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return begun;
    });
  const asked = [ask(), ask(), ask()];
  expect(begun).toBe(1);
  end();
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  const again = ask();
  expect(begun).toBe(2);
  end();
  await again;
});
