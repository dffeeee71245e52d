import type { Deployment } from "@/server/caracal/deployment";
import { markDispatched } from "@/server/caracal/revocation/outbox-rows";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import { publishEntries } from "@/server/caracal/revocation/publish-entries";
import { publishBound } from "@/server/caracal/revocation/revocation-stream";

/**
 * Publishes one message through the outbox, by the lease protocol of contract section 2: signed and added by us when our key is the one in
 * use, else left for the API's dispatcher. The same id is published once, however often it is asked.
 * @throws source_unreachable when Postgres or Redis does not answer; the row is then dispatched by the API when the lease ends.
 */
export async function publishOne(
  caracal: Deployment,
  given: {
    readonly id: string;
    readonly stream: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly holder: string;
  },
): Promise<void> {
  const lane = await chooseLane(caracal, 1);
  const leased = lane.kind === "fast" && caracal.streamsKey !== null;
  const written = await caracal.db.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by)
     VALUES ($1, $2, $3, $4, now(), CASE WHEN $5::text IS NULL THEN NULL ELSE now() + interval '30 seconds' END, $5)
     ON CONFLICT (id) DO NOTHING RETURNING 1`,
    [given.id, given.stream, JSON.stringify(given.fields), leased ? 1 : 0, leased ? given.holder : null],
  );
  if (written.length === 0 || !leased || caracal.streamsKey === null) return;
  const { error } = await publishEntries(
    caracal.redis,
    caracal.streamsKey,
    [{ id: given.id, stream: given.stream, fields: given.fields }],
    publishBound,
  );
  if (error !== null) throw error;
  await markDispatched(caracal.db, [given.id], given.holder);
}
