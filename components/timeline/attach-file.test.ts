import { expect, test } from "vitest";
import { attachFault } from "@/components/timeline/attach-file";

test("a file is refused before it is sent when it is empty, too large or of another kind", () => {
  expect(attachFault({ name: "screen.PNG", size: 10 })).toBeNull();
  expect(attachFault({ name: "screen.png", size: 0 })).toMatch("empty");
  expect(attachFault({ name: "screen.png", size: 10 * 1_024 * 1_024 + 1 })).toMatch("10 MB");
  expect(attachFault({ name: "run.exe", size: 10 })).toMatch("kind");
  expect(attachFault({ name: "Makefile", size: 10 })).toMatch("kind");
});
