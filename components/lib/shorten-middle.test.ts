import { expect, test } from "vitest";
import { shortenMiddle } from "@/components/lib/shorten-middle";

test("a long id keeps both ends, a short one stays whole", () => {
  expect(shortenMiddle("019abc12-0000-7000-8000-0000004c90ff")).toBe("019abc…4c90ff");
  expect(shortenMiddle("1795465374026-0")).toBe("179546…4026-0");
  expect(shortenMiddle("agent-7")).toBe("agent-7");
});
