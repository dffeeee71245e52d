import type { Deployment } from "@/server/caracal/deployment";
import type { ServiceKind, Snapshot } from "@/server/live/snapshot";

const services: readonly (readonly [ServiceKind, string, string])[] = [
  ["sts", "CARACAL_STS_URLS", "whether STS runs, drops audit events or holds the right KEK"],
  ["gateway", "CARACAL_GATEWAY_URLS", "whether gateways run and how many revocations each knows"],
  ["api", "CARACAL_API_URLS", "whether the API runs"],
  ["audit", "CARACAL_AUDIT_URLS", "chain breaks, seal failures and whether audit runs"],
  ["coordinator", "CARACAL_COORDINATOR_URLS", "whether the coordinator runs"],
];

/** Services of which no replica is listed: the setting to fill, and what stays out of sight until then. Pure. */
export function unlistedServices(deployment: Pick<Deployment, "replicas">) {
  return services
    .filter(([kind]) => !deployment.replicas.some((replica) => replica.kind === kind))
    .map(([kind, setting, what]) => ({ kind, setting, what }));
}

/** What this console cannot see as it is set up, in words, so that "nothing wrong" is never read as more than it is. Pure. */
export function unseenParts(
  deployment: Pick<Deployment, "replicas" | "streamsKey">,
  snapshot: Pick<Snapshot, "replicas">,
): readonly string[] {
  const lines = unlistedServices(deployment).map(
    ({ setting, what }) => `${setting} is not set: ${what} cannot be seen.`,
  );
  if (deployment.streamsKey === null)
    lines.push("STREAMS_HMAC_KEY is not set: forged or wrongly signed messages cannot be told from good ones.");
  const locked = snapshot.replicas.filter(({ metricsStatus }) => metricsStatus === "no-token").map(({ id }) => id);
  if (locked.length > 0)
    lines.push(`${locked.join(", ")} wants a token for its metrics: set CARACAL_COORDINATOR_TOKEN to see them.`);
  lines.push("Replicas that no setting names are not probed.");
  return lines;
}
