import type { KeyVersion, ReplicaJwks, ZoneKeysRow } from "@/server/keys/schemas";

export type Agreement = { readonly tone: "ok" | "bad" | "unknown"; readonly sentence: string };

const list = (names: readonly string[]) => names.join(", ");

/** Whether the STS replicas serve what the two newest rows say (trap 16), in one sentence. */
export function agreementOf(row: Pick<ZoneKeysRow, "versions" | "jwks">): Agreement {
  if (row.versions.length === 0)
    return {
      tone: "unknown",
      sentence: "This zone has no signing key: nothing can be minted in it until one is made.",
    };
  if (row.jwks.length === 0)
    return { tone: "unknown", sentence: "No STS address is set, so what STS serves cannot be seen." };
  const wrong = row.jwks.filter((replica) => replica.agrees === false);
  const unknown = row.jwks.filter((replica) => replica.agrees === null);
  if (wrong.length > 0) {
    const reasons = wrong.map((replica) => `${replica.replica}: ${replica.reason ?? "serves other keys"}`);
    return {
      tone: "bad",
      sentence: `${list(wrong.map((replica) => replica.replica))} ${wrong.length === 1 ? "does" : "do"} not serve the two newest keys. A key that a replica cannot open usually means the wrong KEK. ${reasons.join("; ")}.`,
    };
  }
  if (unknown.length > 0)
    return {
      tone: "unknown",
      sentence: `Cannot be told for ${unknown.map((replica) => `${replica.replica} (${replica.reason ?? "no answer"})`).join(", ")}.`,
    };
  return {
    tone: "ok",
    sentence: `${row.jwks.length === 1 ? "The STS replica serves" : `All ${row.jwks.length} STS replicas serve`} exactly the newest ${row.versions.length === 1 ? "key" : "two keys"}.`,
  };
}

/** The replica's thumbprint for a version, or why it has none: old versions are not meant to be served. */
export function servedBy(
  replica: ReplicaJwks,
  version: KeyVersion,
): { readonly served: boolean | null; readonly text: string } {
  const key = replica.keys.find((candidate) => candidate.kid === version.kid);
  if (key !== undefined) return { served: true, text: key.thumbprint };
  if (replica.agrees === null) return { served: null, text: replica.reason ?? "no answer" };
  return { served: false, text: version.place === "old" ? "not served, as it should be" : "not served" };
}

export const placeWords: Readonly<Record<KeyVersion["place"], string>> = {
  signs: "signs",
  verifies: "still verifies",
  old: "old, trusted by nobody",
};
