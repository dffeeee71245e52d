import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook } from "@/server/playbooks/guided/playbook";
import { replicasOnKey } from "@/server/playbooks/guided/probe-replicas";
import { rotated } from "@/server/playbooks/guided/probe-rotation";
import { inventoryTaken } from "@/server/playbooks/guided/probes";

/** The routine: one new version in each zone, nothing stolen. */
export const rotateKeys: Playbook = {
  ...catalogued("rotate-keys"),
  steps: [
    {
      id: "inventory",
      title: "Take an inventory",
      what: "Zones without a key and replicas that do not agree are better known before.",
      kind: "observe",
      probe: inventoryTaken,
      act: () => ({ label: "Open Keys", href: "/keys" }),
    },
    {
      id: "rotate",
      title: "Rotate",
      what: "One new version in each zone, told to each STS consumer until every one was.",
      kind: "act",
      probe: rotated,
      holds: true,
      act: () => ({
        label: "Ask to rotate every zone",
        ask: { action: "rotate-zone-key", whole: true, mode: "routine" },
      }),
    },
    {
      id: "serve",
      title: "See that every replica serves the new keys",
      what: "Each STS is asked for itself.",
      kind: "verify",
      probe: replicasOnKey,
      holds: true,
    },
  ],
};
