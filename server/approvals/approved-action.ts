import type { TwoPersonAction } from "@/server/auth/action-policy";
import type { Actor } from "@/server/auth/roles";
import type { ZonesOfAct } from "@/server/investigation/schemas";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** JSON as it is hashed and stored: no undefined, no dates, no numbers that JSON cannot carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What the approver is shown of an action's reach. */
export type Blast = {
  readonly sentence: string; // "312 live sessions of 41 subjects in zone payments"
  readonly figures: readonly {
    readonly name: string;
    readonly value: number | string;
    readonly unit?: string;
    readonly source: string;
  }[];
};

/** What is frozen when approval is asked for. `targets` are ids in a fixed order; they go into the digest. */
export type Frozen = {
  readonly parameters: Json;
  readonly targets: readonly string[];
  readonly preconditions: Json; // compared when executed: see `recheck`
  readonly blast: Blast;
  readonly severity: Severity;
  readonly playbookVersion: string;
};

/** A stored request as it is executed: the server's own copy, read in the executing transaction. */
export type Stored = {
  readonly approvalId: string;
  readonly incidentId: string | null;
  readonly reason: string;
  readonly parameters: Json;
  readonly targets: readonly string[];
  readonly preconditions: Json;
  readonly requester: { readonly id: string; readonly name: string };
};

/** How one two-person action takes part in approvals. One per action, made in server/runtime/approved-actions.ts. */
export type ApprovedAction<Name extends TwoPersonAction = TwoPersonAction> = {
  readonly action: Name;
  /** Reads what the parameters mean right now, to `by` where not everybody may see it. @throws bad_input, not_found, source_unreachable; writes nothing. */
  freeze(parameters: unknown, by?: Pick<Actor, "id" | "roles">): Promise<Frozen>;
  /** The incident on whose record it belongs, when that is not free to choose; without it, or with null, any will do. */
  belongsTo?(parameters: Json): Promise<string | null>;
  /** The zones that it writes to, of what was frozen: while one is under tamper investigation a reason is asked for. */
  zonesOf(frozen: Pick<Frozen, "parameters" | "targets">): ZonesOfAct;
  /** What has changed since the request in a way that voids it, in words; null when it may go ahead. Outside any transaction. */
  recheck(stored: Stored): Promise<string | null>;
  /** As `recheck`, of what costs too much for a page that is open: asked once, when it is about to be executed. */
  lastLook?(stored: Stored): Promise<string | null>;
  /** Records the intent and starts nothing yet: runs in the transaction that uses the approval up. Gives the ref: "run:<id>". */
  start(tx: Queryable, stored: Stored, by: Actor): Promise<string>;
  /** After that commit: wakes the job. A crash before it is found by the job's own supervisor. */
  wake(ref: string): Promise<void>;
};
