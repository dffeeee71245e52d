import { isDeadLetterStream, revocationStream } from "@/server/caracal/streams/expected-streams";
import { isFollowed } from "@/server/live/series.catalogue";
import type { Snapshot } from "@/server/live/snapshot";

/**
 * The figures that history keeps, by key: `stream:<name>:{length,added,rate}`, `group:<stream>:<group>:{pending,unread}`,
 * `replica:<id>:{ready,<metric>}`, `counts:<name>`, and sums for the charts: `total:dead-letters`, `total:pending`,
 * `total:denials` (requests_denied of all gateways, a counter), `total:denials-revoked`, `total:revocations` (entries ever
 * added to the revocation stream). A source that does not answer gives null, never zero. Pure.
 */
export function seriesValues(snapshot: Snapshot): ReadonlyMap<string, number | null> {
  const values = new Map<string, number | null>();
  const answers = (source: string) => snapshot.sources.some(({ id, status }) => id === source && status === "ok");
  const redisOk = answers("caracal-redis");
  const postgresOk = answers("caracal-postgres");
  const fromRedis = (value: number | null | undefined) => (redisOk ? (value ?? null) : null);
  let dead = 0;
  let pending = 0;
  for (const stream of snapshot.streams) {
    values.set(`stream:${stream.name}:length`, fromRedis(stream.length));
    values.set(`stream:${stream.name}:added`, fromRedis(stream.entriesAdded));
    values.set(`stream:${stream.name}:rate`, fromRedis(stream.perSecond));
    if (isDeadLetterStream(stream.name)) dead += stream.length;
    for (const group of stream.groups) {
      pending += group.pending;
      values.set(`group:${stream.name}:${group.group}:pending`, fromRedis(group.pending));
      values.set(`group:${stream.name}:${group.group}:unread`, fromRedis(group.unread));
    }
  }
  const known = snapshot.streams.length > 0;
  values.set("total:dead-letters", known ? fromRedis(dead) : null);
  values.set("total:pending", known ? fromRedis(pending) : null);
  values.set(
    "total:revocations",
    fromRedis(snapshot.streams.find(({ name }) => name === revocationStream)?.entriesAdded),
  );
  for (const replica of snapshot.replicas) {
    const fresh = replica.reachable && replica.metricsStatus === "ok";
    values.set(
      `replica:${replica.id}:ready`,
      replica.reachable || replica.readyReason !== null ? Number(replica.ready) : null,
    );
    for (const [name, value] of Object.entries(replica.metrics)) {
      if (isFollowed(name)) values.set(`replica:${replica.id}:${name}`, fresh ? value : null);
    }
  }
  const gateways = snapshot.replicas.filter(({ kind }) => kind === "gateway");
  const answering =
    gateways.every((gateway) => gateway.reachable && gateway.metricsStatus === "ok") && gateways.length > 0;
  const sum = (name: string) =>
    answering ? gateways.reduce((total, { metrics }) => total + (metrics[name] ?? 0), 0) : null;
  values.set("total:denials", sum("requests_denied"));
  values.set("total:denials-revoked", sum("denials_revoked"));
  for (const [name, value] of Object.entries(snapshot.counts)) values.set(`counts:${name}`, postgresOk ? value : null);
  return values;
}
