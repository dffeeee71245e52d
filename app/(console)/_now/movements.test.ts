import { expect, test } from "vitest";
import { shownMovements } from "./movements";

test("trouble first, then the larger; clocks, flags and the noisy mismatch count are left out", () => {
  const shown = shownMovements(
    [
      { metric: "requests_total", by: 900 },
      { metric: "tamper_last_sweep_unix", by: 60 },
      { metric: "tamper_mismatch_total", by: 795 },
      { metric: "is_export_leader", by: 1 },
      { metric: "denials_revoked", by: 2 },
      { metric: "inserts_total", by: 30 },
    ],
    3,
  );
  expect(shown.map((movement) => [movement.metric, movement.trouble])).toEqual([
    ["denials_revoked", true],
    ["requests_total", false],
    ["inserts_total", false],
  ]);
});
