import type { ReplicaAddress } from "@/server/caracal/deployment";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import { type ReplicaReading, readReplica } from "@/server/caracal/services/read-replica";

/** Asks one replica for health, ready and metrics at once, 2 s each. The coordinator's metrics want its token. */
export async function probeReplica(address: ReplicaAddress, coordinatorToken: string | null): Promise<ReplicaReading> {
  const bearer = address.kind === "coordinator" ? coordinatorToken : null;
  const [health, ready, metrics] = await Promise.all([
    fetchAnswer(`${address.url}/health`),
    fetchAnswer(`${address.url}/ready`),
    fetchAnswer(`${address.url}/metrics`, { bearer }),
  ]);
  return readReplica(address.kind, { health, ready, metrics });
}

/** A replica's address as it may be shown: without user, password and query. */
export function shownUrl(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === "/" ? "" : parsed.pathname}`;
}
