import type { Deployment } from "@/server/caracal/deployment";
import { type JwksReading, nextZoneKeys, probeJwks } from "@/server/caracal/services/jwks";

const zonesPerRound = 3;
const maxSuspects = 10;

/**
 * Compares each STS replica's JWKS with the rows, three zones a round in turn, and again next round wherever it differed:
 * only what differs twice in a row is given, since a rotation can fall between the two reads (trap 16).
 */
export function createJwksWatch(caracal: Pick<Deployment, "db" | "replicas">): () => Promise<readonly JwksReading[]> {
  const stss = caracal.replicas.filter(({ kind }) => kind === "sts");
  let cursor = "";
  let differing = new Map<string, { reading: JwksReading; times: number }>();
  return async () => {
    if (stss.length === 0) return [];
    const suspects = [...new Set([...differing.values()].map(({ reading }) => reading.zoneId))].slice(0, maxSuspects);
    const page = await nextZoneKeys(caracal.db, { after: cursor, limit: zonesPerRound, alsoZones: suspects });
    cursor = page.cursor;
    const readings = await Promise.all(page.zones.flatMap((zone) => stss.map((sts) => probeJwks(sts, zone))));
    const next = new Map<string, { reading: JwksReading; times: number }>();
    for (const reading of readings) {
      const key = `${reading.replica} ${reading.zoneId}`;
      const before = differing.get(key);
      if (reading.verdict === "differs") next.set(key, { reading, times: (before?.times ?? 0) + 1 });
      // No answer is no acquittal: what was known stays until the replica can be asked again.
      else if (reading.verdict === "cannot-tell" && before !== undefined) next.set(key, before);
    }
    differing = next;
    return [...differing.values()].filter(({ times }) => times >= 2).map(({ reading }) => reading);
  };
}
