import type { Facts, Finding } from "@/server/detection/facts";
import type { ReplicaState } from "@/server/live/snapshot";
import { counted, outagePlaybook } from "@/server/detection/words";

const meanings: Readonly<Record<ReplicaState["kind"], string>> = {
  sts: "No mandate is minted there, and nothing is lost by waiting. While Redis or Postgres is the reason, mend that first.",
  gateway: "Calls through this replica are refused. While Redis, Postgres or STS is the reason, mend that first.",
  api: "The API exits when its Postgres connections are cut: start it again. Until then its outbox dispatcher stands still.",
  audit: "Audit events wait in the stream and are not lost while it is below its bound. Mend the reason it gives.",
  coordinator: "The coordinator exits when its Postgres connections are cut: start it again.",
};

/** Any replica not ready (P2); every replica of every service at once (P1). A replica never asked is not judged. */
export function serviceNotReady(facts: Facts): readonly Finding[] {
  const asked = facts.replicas.filter((replica) => replica.readyReason !== null || replica.ready);
  const down = asked.filter((replica) => !replica.ready);
  const figures = down.map((replica) => ({
    name: replica.id,
    value: replica.readyReason ?? "not ready",
    source: `${replica.id} /ready`,
  }));
  if (down.length > 0 && down.length === asked.length && new Set(asked.map((replica) => replica.kind)).size > 1)
    return [
      {
        key: "services-all-down",
        rule: "service-not-ready",
        severity: "P1",
        source: "replicas",
        sentence: `All services are down: ${counted(down.length, "replica")} of ${asked.length} not ready`,
        meaning:
          "Nothing is minted, passed or recorded. Look at what they share first: Postgres, Redis, the network between them and this console.",
        figures,
        action: outagePlaybook("all"),
      },
    ];
  return down.map((replica) => {
    const peers = asked.filter((other) => other.kind === replica.kind);
    const alone = peers.every((other) => !other.ready) ? ` (no ${replica.kind} replica is ready)` : "";
    return {
      key: `not-ready:${replica.id}`,
      rule: "service-not-ready",
      severity: "P2",
      source: replica.id,
      sentence: `${replica.id} is not ready: ${replica.readyReason}${alone}`,
      meaning: meanings[replica.kind],
      since: replica.failingSince ?? facts.now,
      series: `replica:${replica.id}:ready`,
      figures: figures.filter((figure) => figure.name === replica.id),
      action: outagePlaybook(replica.kind),
    };
  });
}
