import type { PolicyBinding } from "@/server/caracal/brakes/policy-bindings";
import type { StsProof } from "@/server/brakes/schemas";

/** A row of zone_freezes. Times are of the console's database clock. */
export type FreezeRow = {
  readonly id: string;
  readonly zone_id: string;
  readonly zone_name: string;
  readonly incident_id: string | null;
  readonly approval_id: string;
  readonly state: "freezing" | "frozen" | "thawing" | "thawed";
  readonly before: readonly PolicyBinding[] | null;
  readonly left_alone: readonly string[];
  readonly frozen_by_id: string;
  readonly frozen_by_name: string;
  readonly thawed_by_id: string | null;
  readonly thawed_by_name: string | null;
  readonly reason: string;
  readonly thaw_reason: string | null;
  readonly requested_at: Date;
  readonly nulled_at: Date | null;
  readonly frozen_at: Date | null;
  readonly thaw_asked_at: Date | null;
  readonly restored_at: Date | null;
  readonly thawed_at: Date | null;
  readonly proof: readonly StsProof[];
  readonly publications: number;
  readonly error: string | null;
};
