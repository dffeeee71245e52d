import { z } from "zod";
import type { SealKind } from "@/server/caracal/keys/sealed-values";
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

export const keyJobInput = z.object({ jobId: z.uuid() });
export const listKeyJobsInput = z.object({ ...pageInput(100, 25) });
export const keyJobZonesInput = z.object({
  jobId: z.uuid(),
  state: z.enum(["planned", "written", "proved", "left"]).optional(),
  ...pageInput(200, 50),
});
export const inventoryZonesInput = z.object({
  jobId: z.uuid(),
  troubledOnly: z.boolean().default(false),
  ...pageInput(200, 50),
});
export const findingsInput = z.object({ jobId: z.uuid(), ...pageInput(200, 50) });

export const keyJobKinds = ["inventory", "re-encrypt", "rotate"] as const;
export type KeyJobKind = (typeof keyJobKinds)[number];
export type KeyJobState = "queued" | "running" | "finished" | "cancelled" | "refused";

/** Seals of one kind by the key that opens them. In a re-encryption `current` is the key it moves from, `next` the one it moves to. */
export type SealCounts = { readonly current: number; readonly next: number; readonly neither: number };
export type SealCountsByKind = Readonly<Record<SealKind, SealCounts>>;

/** One finished walk over every sealed value. `moved` were sealed anew; a pass that moved nothing is the proof. */
export type SealPass = {
  readonly pass: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seen: number;
  readonly moved: number;
  readonly counts: SealCountsByKind; // as found
};

export type KeyJobView = {
  readonly id: string;
  readonly kind: KeyJobKind;
  readonly state: KeyJobState;
  readonly phase: string;
  readonly incidentId: string | null;
  readonly approvalId: string | null;
  readonly fromKek: string | null; // fingerprints
  readonly toKek: string | null;
  readonly mode: "routine" | "compromise" | null; // of a rotation
  readonly reason: string | null;
  readonly requestedBy: { readonly id: string; readonly name: string };
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelAsked: boolean;
  readonly pass: number;
  readonly done: number;
  readonly total: number | null;
  readonly perSecond: number | null; // over the pass under way
  readonly secondsLeft: number | null;
  readonly counts: SealCountsByKind | null; // of the pass under way
  readonly passes: readonly SealPass[];
  readonly zones: {
    readonly planned: number;
    readonly written: number;
    readonly proved: number;
    readonly left: number;
  } | null;
  readonly findings: number; // values that no configured key opens
  readonly sentence: string; // what came of it or where it is, in one sentence
  readonly error: string | null; // why it does not get on just now, and that it goes on by itself
};

export type KeyFinding = {
  readonly kind: SealKind;
  readonly rowId: string;
  readonly zoneId: string;
  readonly sealFingerprint: string;
  readonly foundAt: string;
};

export type InventoryVersion = {
  readonly kid: string;
  readonly version: number;
  readonly createdAt: string;
  readonly thumbprint: string | null; // RFC 7638, of the public key; null: no configured key opens it
  readonly kek: string | null; // fingerprint of the KEK that opens it
};
export type InventoryZone = {
  readonly zone: { readonly id: string; readonly name: string; readonly slug: string; readonly archived: boolean };
  readonly seals: SealCountsByKind;
  readonly versions: readonly InventoryVersion[];
  readonly jwks: readonly ReplicaJwks[];
  readonly trouble: string | null;
};

/** One zone of a rotation: the proof per STS consumer and per replica's JWKS. */
export type RotatedZone = {
  readonly zone: { readonly id: string; readonly name: string; readonly slug: string };
  readonly state: "planned" | "written" | "proved" | "left";
  readonly kids: readonly string[];
  readonly versions: readonly number[];
  readonly writtenAt: string | null;
  readonly publications: number;
  readonly consumers: readonly {
    readonly name: string;
    readonly deliveredAt: string | null;
    readonly note: string | null;
  }[];
  readonly jwks: readonly ReplicaJwks[];
  readonly note: string | null;
  readonly provedAt: string | null;
};
