import { auditDeadLetters } from "@/server/playbooks/guided/audit-dead-letters";
import { auditTampering } from "@/server/playbooks/guided/audit-tampering";
import { kekCompromise } from "@/server/playbooks/guided/kek-compromise";
import type { GuidedRunRow, Playbook, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { revocationBacklog } from "@/server/playbooks/guided/revocation-backlog";
import { rotateKeys } from "@/server/playbooks/guided/rotate-keys";
import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";
import { serviceOutage } from "@/server/playbooks/guided/service-outage";
import { zoneKeyCompromise } from "@/server/playbooks/guided/zone-key-compromise";

const all: Readonly<Record<GuidedPlaybook, Playbook>> = {
  "kek-compromise": kekCompromise,
  "zone-key-compromise": zoneKeyCompromise,
  "rotate-keys": rotateKeys,
  "audit-tampering": auditTampering,
  "service-outage": serviceOutage,
  "audit-dead-letters": auditDeadLetters,
  "revocation-backlog": revocationBacklog,
};

/** The declaration of a guided playbook. */
export const playbookOf = (name: GuidedPlaybook): Playbook => all[name];

/** The steps that a run has, in order. */
export const stepsOf = (run: GuidedRunRow): readonly StepDeclaration[] =>
  playbookOf(run.playbook).steps.filter((step) => step.of?.(run) ?? true);
