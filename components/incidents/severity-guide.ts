import type { Severity } from "@/server/platform/severity";

/** What each severity means here: when to choose it, and what it looks like. */
export const severityGuide: Readonly<Record<Severity, { readonly when: string; readonly examples: string }>> = {
  P1: {
    when: "Act now. What Caracal protects is open, or its record is broken.",
    examples:
      "Every replica of a service down, a broken chain, a stolen mandate in use, a signing key that cannot be opened.",
  },
  P2: {
    when: "Act within the hour. Containment or evidence is at risk.",
    examples: "Dead letters, a revocation backlog, one service not ready, a deaf consumer.",
  },
  P3: {
    when: "Look today. Something slowed down or restarted.",
    examples: "An old pending entry, a counter that fell, an export behind.",
  },
  P4: {
    when: "Look when there is time. Drift from what was set up.",
    examples: "A missing group, an eviction policy, a stream over its bound.",
  },
};
