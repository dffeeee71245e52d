import type { Deployment } from "@/server/caracal/deployment";
import type { Database } from "@/server/platform/postgres";
import type { ActResult, EntryBefore, StreamActKind } from "@/server/streams/acts/schemas";

export type ActContext = { readonly db: Database; readonly caracal: Pick<Deployment, "db" | "redis"> };

/** A row of stream_acts. */
export type ActRow = {
  readonly id: string;
  readonly kind: StreamActKind;
  readonly stream: string;
  readonly group_name: string;
  readonly consumer: string | null;
  readonly min_idle_ms: string | null;
  readonly ids: readonly string[];
  readonly before: Readonly<Record<string, EntryBefore>>;
  readonly state: "ordered" | "done";
  readonly result: ActResult | null;
  readonly undoes: string | null;
  readonly incident_id: string | null;
  readonly approval_id: string | null;
  readonly reason: string;
  readonly by_id: string;
  readonly by_name: string;
  readonly ordered_at: Date;
  readonly error: string | null;
};

export type NewAct = Pick<ActRow, "kind" | "stream" | "ids" | "before" | "reason"> & {
  readonly group: string;
  readonly consumer?: string;
  readonly minIdleMs?: number;
  readonly undoes?: string;
  readonly incidentId: string | null;
  readonly approvalId?: string;
};
