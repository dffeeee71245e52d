import { auditTampering } from "@/server/playbooks/guided/audit-tampering";
import { kekCompromise } from "@/server/playbooks/guided/kek-compromise";
import type { Playbook } from "@/server/playbooks/guided/playbook";
import { rotateKeys } from "@/server/playbooks/guided/rotate-keys";
import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";
import { zoneKeyCompromise } from "@/server/playbooks/guided/zone-key-compromise";

const all: Readonly<Record<GuidedPlaybook, Playbook>> = {
  "kek-compromise": kekCompromise,
  "zone-key-compromise": zoneKeyCompromise,
  "rotate-keys": rotateKeys,
  "audit-tampering": auditTampering,
};

/** The declaration of a guided playbook. */
export const playbookOf = (name: GuidedPlaybook): Playbook => all[name];
