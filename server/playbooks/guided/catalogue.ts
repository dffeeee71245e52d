import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";

export type CatalogueEntry = {
  readonly name: GuidedPlaybook;
  readonly title: string;
  readonly about: string;
  readonly severity: "P1" | "P2" | "P3"; // of the incident that it declares
  readonly oneZone: boolean; // about one zone, or about all
  readonly aboutService: boolean; // about one service, or about all
  readonly stolen: "kek" | "zone-key" | null; // which key somebody else has
};

/** The guided playbooks as they are offered, in this order; what they do step by step is in a file of each. */
export const guidedCatalogue: readonly CatalogueEntry[] = [
  {
    name: "kek-compromise",
    title: "KEK compromised",
    about:
      "The key that seals everything is known to somebody: a new key, everything moved to it, every replica recreated, every zone's signing keys replaced, every session revoked. Each act takes two people.",
    severity: "P1",
    oneZone: false,
    aboutService: false,
    stolen: "kek",
  },
  {
    name: "zone-key-compromise",
    title: "Single zone signing key compromised",
    about: "Two new versions push the stolen key out of the zone's JWKS; every session of the zone goes.",
    severity: "P1",
    oneZone: true,
    aboutService: false,
    stolen: "zone-key",
  },
  {
    name: "rotate-keys",
    title: "Rotate signing keys",
    about: "Routine: a new signing key in each zone, told to every STS. No mandate dies.",
    severity: "P3",
    oneZone: false,
    aboutService: false,
    stolen: null,
  },
  {
    name: "audit-tampering",
    title: "Audit chain tampered with",
    about:
      "What is proved first, evidence before anything else, scope, verdict, and no change to the audit tables until security and compliance have signed off.",
    severity: "P2",
    oneZone: true,
    aboutService: false,
    stolen: null,
  },
  {
    name: "service-outage",
    title: "A service is degraded or down",
    about:
      "STS or any other, one replica or all: what keeps working and until when, logs, restart with proof, evidence that waits in spools, and the outage window as the console itself measured it.",
    severity: "P2",
    oneZone: false,
    aboutService: true,
    stolen: null,
  },
  {
    name: "audit-dead-letters",
    title: "Audit dead letters growing",
    about:
      "Honest events told apart from tampering and faults, Postgres looked at, the fix confirmed, the letters redriven to zero, and the gap written down by event id.",
    severity: "P2",
    oneZone: false,
    aboutService: false,
    stolen: null,
  },
  {
    name: "revocation-backlog",
    title: "Revocations are not getting through",
    about:
      "Which group and which consumer holds them up, dead or slow, signatures that do not hold, what is pending claimed, every session revoked in Postgres, and the proof that each group is past the newest.",
    severity: "P2",
    oneZone: false,
    aboutService: false,
    stolen: null,
  },
];

const byName = new Map(guidedCatalogue.map((entry) => [entry.name, entry]));

/** What the catalogue says of a playbook. */
export function catalogued(name: GuidedPlaybook): CatalogueEntry {
  const entry = byName.get(name);
  if (entry === undefined) throw new Error(`the catalogue lacks ${name}`);
  return entry;
}
