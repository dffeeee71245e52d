import { expect, test } from "vitest";
import { droppedInAll, rememberDropped } from "./judge-dropped";

const look = (dropped: number | null) => [{ replica: "sts-1", dropped }];
const after = (...counts: (number | null)[]) => counts.reduce((log, count) => rememberDropped(log, look(count)), {});

test.each([
  ["nothing before, nothing since", [0, 0, 0], { first: 0, last: 0, since: 0 }, 0],
  ["what was dropped before the run began counts too", [3, 3], { first: 3, last: 3, since: 0 }, 3],
  ["rises while it runs", [0, 2, 5], { first: 0, last: 5, since: 5 }, 5],
  ["a restart begins at 0: what it had is kept", [4, 6, 0, 1], { first: 4, last: 1, since: 3 }, 7],
  [
    "a restart that dropped more than before is seen as a rise only by what it has more",
    [2, 3],
    { first: 2, last: 3, since: 1 },
    3,
  ],
  ["silence changes nothing", [1, null, 1], { first: 1, last: 1, since: 0 }, 1],
  ["silent at first: what it says later was dropped, whenever", [null, 4], { first: null, last: 4, since: 4 }, 4],
] as const)("%s", (_, counts, expected, all) => {
  const log = after(...counts);
  expect(log).toEqual({ "sts-1": expected });
  expect(droppedInAll(log)).toBe(all);
});
