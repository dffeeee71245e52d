import { z } from "zod";
import { idText, pageInput } from "@/server/platform/page";

export const listZoneKeysInput = z.object({ zoneId: idText.optional(), ...pageInput(200, 50) });
export type ListZoneKeysInput = z.infer<typeof listZoneKeysInput>;

export type KeyVersion = {
  readonly kid: string; // secrets.id
  readonly version: number;
  readonly createdAt: string;
  readonly sealFingerprint: string; // first 8 bytes of SHA-256 over nonce ‖ ciphertext, hex: tells two seals apart, reveals nothing
  readonly place: "signs" | "verifies" | "old"; // highest version, the one before it, the rest (contract section 2)
};

/** One STS replica's own JWKS answer for the zone. `agrees` compares its kids with the two newest rows (trap 16). */
export type ReplicaJwks = {
  readonly replica: string;
  readonly status: number | null;
  readonly keys: readonly { readonly kid: string; readonly thumbprint: string }[]; // RFC 7638, SHA-256
  readonly agrees: boolean | null; // null: cannot be told (unreachable, or Postgres down on its side)
  readonly reason: string | null;
};

export type ZoneKeysRow = {
  readonly zone: { readonly id: string; readonly name: string; readonly slug: string };
  readonly versions: readonly KeyVersion[]; // newest first, at most 10
  readonly jwks: readonly ReplicaJwks[];
};
