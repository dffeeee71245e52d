import { readRevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { gatewayReadings } from "@/server/playbooks/gateway-source";
import { rememberBaseline } from "@/server/playbooks/revoke-session/gateway-count";
import type { ObserverContext } from "@/server/playbooks/round-context";

/** Far enough back that no entry of ours lies before it when Redis could not be asked. */
const marginMs = 5_000;

/**
 * Records, once per run and before its first publication, where the stream ends and what each gateway counts. When Redis
 * cannot be asked the position is taken from the clock, with a margin.
 */
export async function recordBaseline(ctx: ObserverContext, runId: string): Promise<void> {
  const [known] = await ctx.db.query<{ known: boolean }>(
    "SELECT baseline IS NOT NULL AS known FROM playbook_runs WHERE id = $1",
    [runId],
  );
  if (known?.known !== false) return;
  const [stream, snapshot] = await Promise.all([
    readRevocationStream(ctx.caracal.redis, revocationStream).catch((error: unknown) => {
      log.warn({ runId, reason: messageOf(error) }, "stream position taken from the clock");
      return null;
    }),
    ctx.collector.sampleNow(),
  ]);
  const at = Date.now();
  const streamId = stream?.lastId ?? `${at - marginMs}-0`;
  const groups = (stream?.groups ?? []).filter((group) => group.used).map((group) => group.name);
  const readings = Object.fromEntries(
    gatewayReadings(snapshot).map((reading) => [reading.replica, rememberBaseline(reading)]),
  );
  await ctx.db.query(
    `UPDATE playbook_runs SET baseline = $2, scan = $3, gateway_readings = $4 WHERE id = $1 AND baseline IS NULL`,
    [
      runId,
      JSON.stringify({ streamId, at, groups }),
      JSON.stringify({ position: streamId, elsewhere: [], overflow: 0 }),
      JSON.stringify(readings),
    ],
  );
}
