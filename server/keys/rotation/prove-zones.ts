import pMap from "p-map";
import { judgeJwks, readJwksAnswer } from "@/server/caracal/keys-jwks";
import { askReadiness } from "@/server/caracal/keys-replicas";
import { readZoneKeyRows } from "@/server/caracal/keys/zone-key-rows";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import type { KeyContext } from "@/server/keys/key-job-rows";
import type { ReplicaJwks } from "@/server/keys/schemas";

const atOnce = 8;

/** What every STS replica serves for each zone right now, against the zone's two newest rows (trap 16). */
export async function askEveryReplica(
  ctx: Pick<KeyContext, "caracal">,
  zoneIds: readonly string[],
): Promise<Map<string, readonly ReplicaJwks[]>> {
  const rows = await readZoneKeyRows(ctx.caracal.db, zoneIds, 2);
  const sts = ctx.caracal.replicas.filter(({ kind }) => kind === "sts");
  const asked = await pMap(
    zoneIds.flatMap((zoneId) => sts.map((replica) => ({ zoneId, replica }))),
    async ({ zoneId, replica }) => {
      const url = `${replica.url}/.well-known/jwks.json?zone_id=${encodeURIComponent(zoneId)}`;
      const answer = await readJwksAnswer(await fetchAnswer(url, { timeoutMs: 2_000 }));
      const unclear = answer.status !== null && answer.keys === null;
      const kids = (rows.get(zoneId) ?? []).map(({ kid }) => kid);
      const verdict = judgeJwks(kids, answer, unclear ? await askReadiness(replica) : null);
      return { zoneId, jwks: { replica: replica.id, status: answer.status, keys: answer.keys ?? [], ...verdict } };
    },
    { concurrency: atOnce },
  );
  return new Map(zoneIds.map((id) => [id, asked.filter(({ zoneId }) => zoneId === id).map(({ jwks }) => jwks)]));
}

/** Why the replicas' answers do not prove a rotation yet, in words; null: each serves exactly the two newest rows. Pure. */
export function notServed(jwks: readonly ReplicaJwks[]): string | null {
  if (jwks.length === 0) return "No STS address is configured: what they serve cannot be asked.";
  const wrong = jwks.find(({ agrees }) => agrees !== true);
  return wrong === undefined ? null : `${wrong.replica}: ${wrong.reason ?? "what it serves cannot be told."}`;
}
