import type { Queryable } from "@/server/platform/postgres";
import type { ReplicaAddress } from "@/server/caracal/deployment";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import type { Answer } from "@/server/caracal/services/read-replica";

/** What one STS replica serves for a zone against the zone's two newest signing-key rows (trap 16). */
export type JwksReading = {
  readonly replica: string;
  readonly zoneId: string;
  readonly zoneName: string;
  readonly expected: readonly string[];
  readonly served: readonly string[] | null; // null: no key list came
  readonly reason: string | null;
  readonly verdict: "same" | "differs" | "cannot-tell";
};

export type ZoneKeys = { readonly zoneId: string; readonly zoneName: string; readonly kids: readonly string[] };

/** Compares one JWKS answer with the rows. 404 also means that Postgres is away for that STS: read with /ready, so not judged here. Pure. */
export function readJwks(replica: string, zone: ZoneKeys, answer: Answer): JwksReading {
  const base = { replica, zoneId: zone.zoneId, zoneName: zone.zoneName, expected: zone.kids };
  if ("failed" in answer) return { ...base, served: null, reason: answer.failed, verdict: "cannot-tell" };
  if (answer.status === 200) {
    const served = kidsOf(answer.body);
    if (served === null)
      return { ...base, served, reason: "answered something that is no JWKS", verdict: "cannot-tell" };
    const same = served.length === zone.kids.length && zone.kids.every((kid) => served.includes(kid));
    return { ...base, served, reason: null, verdict: same ? "same" : "differs" };
  }
  const reason = answer.body.trim().slice(0, 200) || `answered ${answer.status}`;
  const undecryptable = answer.status === 500 && /decrypt/i.test(answer.body);
  return { ...base, served: null, reason, verdict: undecryptable ? "differs" : "cannot-tell" };
}

function kidsOf(body: string): readonly string[] | null {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== "object" || json === null || !("keys" in json) || !Array.isArray(json.keys)) return null;
    return json.keys.map((key: { kid?: unknown }) => String(key.kid));
  } catch {
    return null;
  }
}

/** The next few zones after `after` that have a signing key, with their two newest kids. Walks zones by key, so each call is bounded. */
export async function nextZoneKeys(
  db: Queryable,
  options: { after: string; limit: number; alsoZones: readonly string[] },
): Promise<{ readonly zones: readonly ZoneKeys[]; readonly cursor: string }> {
  const rows = await db.query<{ id: string; name: string; kids: string[]; suspect: boolean }>(
    `SELECT z.id, z.name, z.suspect,
            ARRAY(SELECT s.id FROM secrets s WHERE s.zone_id = z.id AND s.name = 'zone_signing_key' ORDER BY s.version DESC LIMIT 2) AS kids
       FROM (SELECT id, name, false AS suspect FROM (SELECT id, name FROM zones WHERE id > $1 AND archived_at IS NULL ORDER BY id LIMIT $2) page
             UNION ALL
             SELECT id, name, true FROM zones WHERE id = ANY($3::text[])) z`,
    [options.after, options.limit, options.alsoZones],
  );
  const page = rows.filter((row) => !row.suspect).map((row) => row.id);
  const cursor = page.length < options.limit ? "" : page.reduce((a, b) => (a > b ? a : b), "");
  const zones = new Map(rows.map((row) => [row.id, { zoneId: row.id, zoneName: row.name, kids: row.kids }]));
  return { zones: [...zones.values()].filter((zone) => zone.kids.length > 0), cursor };
}

/** Asks one STS replica for one zone's JWKS. */
export async function probeJwks(address: ReplicaAddress, zone: ZoneKeys): Promise<JwksReading> {
  const url = `${address.url}/.well-known/jwks.json?zone_id=${encodeURIComponent(zone.zoneId)}`;
  return readJwks(address.id, zone, await fetchAnswer(url));
}
