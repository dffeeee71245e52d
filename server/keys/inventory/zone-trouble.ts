import { sealKinds } from "@/server/caracal/keys/sealed-values";
import type { InventoryVersion, ReplicaJwks, SealCountsByKind } from "@/server/keys/schemas";

export type SeenZone = {
  readonly zone: { readonly archived: boolean };
  readonly seals: SealCountsByKind;
  readonly versions: readonly InventoryVersion[]; // newest first
  readonly jwks: readonly ReplicaJwks[];
};

/** The worst thing about a zone's keys, in words; null: nothing is wrong that can be seen. Pure. */
export function zoneTrouble({ zone, seals, versions, jwks }: SeenZone): string | null {
  const sum = (of: "current" | "next" | "neither") => sealKinds.reduce((total, kind) => total + seals[kind][of], 0);
  const [lost, current, next] = [sum("neither"), sum("current"), sum("next")];
  if (lost > 0)
    return `${lost} sealed ${lost === 1 ? "value opens" : "values open"} under no key that this console has.`;
  const [newest] = versions;
  if (newest !== undefined && newest.thumbprint === null)
    return "Its newest signing key opens, but is no private key: no STS can sign with it.";
  const disagreeing = jwks.find(({ agrees }) => agrees === false);
  if (disagreeing !== undefined) return `${disagreeing.replica}: ${disagreeing.reason ?? "it serves other keys."}`;
  if (current > 0 && next > 0)
    return `Its values are under both keys: ${current} under the current one, ${next} under the next.`;
  if (!zone.archived && newest === undefined) return "It has no signing key: nothing can be minted in it.";
  return null;
}
