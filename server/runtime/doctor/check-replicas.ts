import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { probeReplica, shownUrl } from "@/server/caracal/services/probe-replica";
import type { ReplicaReading } from "@/server/caracal/services/read-replica";
import { unlistedServices } from "@/server/live/unseen";
import { fail, few, type Finding, ok, skipped, warn } from "@/server/runtime/doctor/finding";

function judge({ id, kind, url }: ReplicaAddress, reading: ReplicaReading): Finding {
  const shown = shownUrl(url);
  if (!reading.reachable)
    return fail(
      id,
      `Nothing answers at ${shown}: ${reading.readyReason ?? "no answer"}.`,
      `Start it, or correct its address in CARACAL_${kind.toUpperCase()}_URLS.`,
    );
  if (!reading.ready)
    return fail(
      id,
      `${shown} is not ready: ${reading.readyReason ?? "no reason given"}.`,
      "Look at this service, and at the Postgres and Redis behind it.",
    );
  if (kind !== "api" && (reading.metricsStatus === "failed" || reading.metricsStatus === "none"))
    return warn(
      id,
      `${shown} is ready, but /metrics gives nothing this console can read.`,
      `See that it is the ${kind} itself and not a proxy in front of several.`,
    );
  if (!reading.healthy) return ok(id, `${shown} is ready. Its /health says: ${reading.healthReason ?? "not healthy"}`);
  return ok(id, `${shown} is ready.`);
}

function checkToken(readings: readonly (readonly [ReplicaAddress, ReplicaReading])[], token: string | null): Finding {
  const name = "coordinator token";
  const coordinators = readings.filter(([{ kind }]) => kind === "coordinator");
  const answering = coordinators.filter(
    ([, { metricsStatus }]) => metricsStatus === "ok" || metricsStatus === "no-token",
  );
  if (answering.length === 0) return skipped(name, "Not tried: no coordinator answers.");
  const refused = answering.filter(([, { metricsStatus }]) => metricsStatus === "no-token").map(([{ id }]) => id);
  if (refused.length === 0) return ok(name, "Every coordinator gives its metrics.");
  if (token === null)
    return warn(
      name,
      "CARACAL_COORDINATOR_TOKEN is not set: the coordinator's metrics answer 401 and stay unseen. It is not down.",
      "Set it to the coordinator's token.",
    );
  return fail(name, `${few(refused)} refuses CARACAL_COORDINATOR_TOKEN.`, "Set it to the coordinator's token.");
}

/** Every replica that a setting lists: reachable and ready; and every service of which none is listed. */
export async function checkReplicas(
  caracal: Pick<Deployment, "replicas" | "coordinatorToken">,
): Promise<readonly Finding[]> {
  const readings = await Promise.all(
    caracal.replicas.map(async (address) => [address, await probeReplica(address, caracal.coordinatorToken)] as const),
  );
  return [
    ...readings.map(([address, reading]) => judge(address, reading)),
    ...unlistedServices(caracal).map(({ kind, setting, what }) =>
      warn(kind, `${setting} is not set: ${what} cannot be seen.`, `List every replica in ${setting}.`),
    ),
    checkToken(readings, caracal.coordinatorToken),
  ];
}
