import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";

/** The guided playbooks as the catalogue offers them. */
export const guidedCatalogue: readonly {
  readonly name: GuidedPlaybook;
  readonly title: string;
  readonly about: string;
  readonly oneZone: boolean;
}[] = [
  {
    name: "kek-compromise",
    title: "KEK compromised",
    about:
      "The key that seals everything is known to somebody: a new key, everything moved to it, every replica recreated, every zone's signing keys replaced, every session revoked. Each act takes two people.",
    oneZone: false,
  },
  {
    name: "zone-key-compromise",
    title: "Single zone signing key compromised",
    about: "Two new versions push the stolen key out of the zone's JWKS; every session of the zone goes.",
    oneZone: true,
  },
  {
    name: "rotate-keys",
    title: "Rotate signing keys",
    about: "Routine: a new signing key in each zone, told to every STS. No mandate dies.",
    oneZone: false,
  },
];
