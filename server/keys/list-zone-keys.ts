import pMap from "p-map";
import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { judgeJwks } from "@/server/caracal/keys-jwks";
import { readKeyVersions, type StoredKeyVersion } from "@/server/caracal/keys-read";
import { askJwks, askReadiness } from "@/server/caracal/keys-replicas";
import { readZones, requireZone } from "@/server/caracal/zones-read";
import { decodeCursor, encodeCursor, oneKey } from "@/server/platform/keyset-cursor";
import type { Page } from "@/server/platform/page";
import type { KeyVersion, ListZoneKeysInput, ReplicaJwks, ZoneKeysRow } from "@/server/keys/schemas";

const places = ["signs", "verifies"] as const;

const asVersion = ({ kid, version, createdAt, sealFingerprint }: StoredKeyVersion, index: number): KeyVersion => ({
  kid,
  version,
  createdAt,
  sealFingerprint,
  place: places[index] ?? "old",
});

async function askReplica(replica: ReplicaAddress, zoneId: string, kids: readonly string[]): Promise<ReplicaJwks> {
  const answer = await askJwks(replica, zoneId);
  const unclear = answer.status !== null && answer.keys === null;
  const { agrees, reason } = judgeJwks(kids, answer, unclear ? await askReadiness(replica) : null);
  return { replica: replica.id, status: answer.status, keys: answer.keys ?? [], agrees, reason };
}

/**
 * Zones by slug with their newest ten signing-key rows, and what each STS replica serves for them, compared (trap 16).
 * At most page size × replicas requests, eight at a time, shared for 10 s between viewers. Archived zones are left out,
 * as STS ignores them, unless asked for by id.
 * @throws DomainError not_found (zone), stale_cursor, source_unreachable (Postgres; silent replicas are rows, not errors).
 */
export async function listZoneKeys({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db" | "replicas"> };
  input: ListZoneKeysInput;
}): Promise<Page<ZoneKeysRow>> {
  const { db, replicas } = ctx.caracal;
  const { zoneId, limit } = input;
  const after = decodeCursor("keys", { zoneId }, input.cursor, oneKey)?.[0] ?? null;
  if (zoneId !== undefined) await requireZone(db, zoneId);
  const found = await readZones(db, { id: zoneId, archived: zoneId !== undefined }, after, limit + 1);
  const zones = found.slice(0, limit);
  const stored = await readKeyVersions(
    db,
    zones.map((zone) => zone.id),
  );
  const versionsOf = new Map(
    zones.map((zone) => [zone.id, stored.filter((key) => key.zoneId === zone.id).map(asVersion)]),
  );
  const sts = replicas.filter((replica) => replica.kind === "sts");
  const asked = await pMap(
    zones.flatMap((zone) => sts.map((replica) => ({ zone, replica }))),
    async ({ zone, replica }) => ({
      zoneId: zone.id,
      jwks: await askReplica(
        replica,
        zone.id,
        (versionsOf.get(zone.id) ?? []).map((key) => key.kid),
      ),
    }),
    { concurrency: 8 },
  );
  const rows = zones.map(({ id, name, slug }) => ({
    zone: { id, name, slug },
    versions: versionsOf.get(id) ?? [],
    jwks: asked.filter((one) => one.zoneId === id).map((one) => one.jwks),
  }));
  const last = found.length > limit ? zones.at(-1) : undefined;
  return { rows, nextCursor: last === undefined ? null : encodeCursor("keys", { zoneId }, [last.slug]) };
}
