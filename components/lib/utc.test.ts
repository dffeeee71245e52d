import { expect, test } from "vitest";
import { utcDay, utcStamp } from "@/components/lib/utc";

const at = Date.UTC(2026, 10, 22, 2, 14, 31);

test("a time of today or within twelve hours goes without its day, any other with it", () => {
  expect(utcStamp(at, Date.UTC(2026, 10, 22, 23, 59, 59))).toBe("02:14:31 UTC");
  expect(utcStamp(at, Date.UTC(2026, 10, 23, 0, 0, 0))).toBe("22 Nov 2026 02:14:31 UTC");
  expect(utcStamp(at, Date.UTC(2026, 10, 21, 23, 0, 0))).toBe("02:14:31 UTC");
  expect(utcStamp(at, null)).toBe("02:14:31 UTC");
  expect(utcDay(at)).toBe("22 Nov 2026");
});
