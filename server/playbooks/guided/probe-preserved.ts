import type { PartName } from "@/server/evidence/vault/schemas";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

const needed: readonly PartName[] = ["services", "streams", "rows", "alerts", "outbox", "admin"];

type Item = {
  readonly state: string;
  readonly error: string | null;
  readonly rows: number;
  readonly manifest: string | null;
  readonly fits: boolean;
};

/**
 * Evidence of the run's zone is in the vault, whole: ordered under the run's incident in the run's time, of all time and every part, and
 * every file as it was when it was last read.
 */
export async function evidencePreserved({ db, run }: Pick<Looking, "db" | "run">): Promise<Probed> {
  const items = await db.query<Item>(
    `SELECT v.state, v.error, v.rows::float8 AS rows, v.manifest_sha256 AS manifest,
            coalesce(v.zone_id, $2) = $2 AND v.scope->>'from' IS NULL AND v.scope->>'to' IS NULL AND v.scope->>'partition' IS NULL
              AND v.scope::jsonb->'parts' @> $4::jsonb AND NOT EXISTS (SELECT 1 FROM evidence_copies c WHERE c.item_id = v.id AND c.verdict <> 'whole') AS fits
       FROM evidence_items v WHERE v.incident_id = $1 AND v.requested_at >= $3 ORDER BY v.requested_at DESC LIMIT 50`,
    [run.incident_id, run.zone_id ?? "", run.created_at, JSON.stringify(needed)],
  );
  const whole = items.find(({ state, fits }) => state === "whole" && fits);
  if (whole !== undefined)
    return yes(
      `Preserved, whole: ${whole.rows.toLocaleString("en-US")} rows and entries, manifest SHA-256 ${whole.manifest}.`,
    );
  if (items.some(({ state }) => state === "queued" || state === "running")) return no("It is being preserved.");
  const [newest] = items;
  if (newest === undefined) return no("Nothing was preserved under this incident since the run began.");
  return no(
    newest.state === "whole"
      ? "What was preserved is not the whole zone with its streams, rows, alerts, outbox, administrators' acts and metrics, or was changed since."
      : `The newest preservation is ${newest.state}${newest.error === null ? "" : `: ${newest.error}`}. Do it anew; what cannot be had any more is said by hand.`,
  );
}
