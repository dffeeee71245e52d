import { expect, test } from "vitest";
import { sparklineShape } from "@/components/lib/sparkline-path";

const box = { width: 100, height: 20, until: 1_000, windowMs: 1_000 };

test("a gap lifts the pen instead of drawing zero", () => {
  const shape = sparklineShape(
    [
      [0, 1],
      [200, 2],
      [400, null],
      [600, 3],
      [1_000, 1],
    ],
    box,
  );
  expect(shape.line.match(/M/g)).toHaveLength(2);
  expect(shape).toMatchObject({ min: 1, max: 3, last: 1 });
});

test("the highest value touches the top and the lowest the bottom", () => {
  const { line } = sparklineShape(
    [
      [0, 5],
      [1_000, 10],
    ],
    box,
  );
  expect(line).toBe("M0.0 19.0h0.01L100.0 1.0");
});

test("only gaps, or points outside the window, draw nothing", () => {
  expect(sparklineShape([[500, null]], box).line).toBe("");
  expect(sparklineShape([[5_000, 4]], box)).toEqual({ line: "", last: null, min: null, max: null });
});

test("a flat zero lies at the bottom, a flat other value in the middle", () => {
  expect(
    sparklineShape(
      [
        [0, 0],
        [1_000, 0],
      ],
      box,
    ).line,
  ).toContain("L100.0 19.0");
  expect(
    sparklineShape(
      [
        [0, 7],
        [1_000, 7],
      ],
      box,
    ).line,
  ).toContain("L100.0 10.0");
});
