/** P1 (act now) to P4 (look when there is time), as on the incident page. Ordered worst first. */
export const severities = ["P1", "P2", "P3", "P4"] as const;
export type Severity = (typeof severities)[number];
