import { lookBack, preserve, wait } from "@/server/playbooks/guided/kek-compromise";
import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook } from "@/server/playbooks/guided/playbook";
import { sessionsRevoked } from "@/server/playbooks/guided/probe-revocation";
import { rotated } from "@/server/playbooks/guided/probe-rotation";
import { zoneFrozen } from "@/server/playbooks/guided/probes";

/** One zone's signing key is known to somebody; the KEK is not. */
export const zoneKeyCompromise: Playbook = {
  ...catalogued("zone-key-compromise"),
  steps: [
    preserve,
    {
      id: "freeze",
      title: "Freeze the zone, or say why not",
      what: "A frozen zone mints nothing, for forged ambient mandates either.",
      kind: "decide",
      probe: zoneFrozen,
      skippable: true,
      act: (run) => ({ label: "Ask to freeze the zone", ask: { action: "freeze-zone", zone: run.zone_id } }),
    },
    {
      id: "rotate",
      title: "Replace the zone's signing keys",
      what: "Two new versions: the JWKS serves the newest two, so one alone would keep the stolen key trusted.",
      kind: "act",
      probe: rotated,
      holds: true,
      act: (run) => ({
        label: "Ask to rotate",
        ask: { action: "rotate-zone-key", zone: run.zone_id, mode: "compromise" },
      }),
    },
    {
      id: "revoke",
      title: "Revoke every session of the zone from before",
      what: "Done when no session that was made before the rotation is live.",
      kind: "act",
      probe: sessionsRevoked,
      holds: true,
      act: (run) => ({
        label: "Ask to revoke the zone",
        ask: { action: "revoke-zone", zone: run.zone_id, whole: true },
      }),
    },
    wait,
    lookBack,
  ],
};
