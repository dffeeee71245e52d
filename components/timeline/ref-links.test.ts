import { expect, test } from "vitest";
import { refLinks } from "@/components/timeline/ref-links";

test("what has a page is linked, the incident itself and unknown names are not", () => {
  expect(refLinks("i1", { run: "r/1", approval: "a1", seq: 12, file: "f1", incident: "i1", signal: "dlq:x" })).toEqual([
    { label: "Open the run", href: "/playbooks/runs/r%2F1" },
    { label: "Open the approval", href: "/approvals/a1" },
    { label: "Entry 12", href: "/incidents/i1?entry=12" },
    { label: "Open the file", href: "/api/incidents/i1/files?file=f1" },
  ]);
  expect(refLinks("i1", { incident: "i2" })).toEqual([{ label: "Open the incident", href: "/incidents/i2" }]);
});
