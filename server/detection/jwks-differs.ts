import type { Facts, Finding } from "@/server/detection/facts";
import { counted } from "@/server/detection/words";

/** An STS replica whose JWKS is not the zone's two newest rows: it runs on another KEK, whatever /ready says (trap 16). P1. */
export function jwksDiffers(facts: Facts): readonly Finding[] {
  const byReplica = new Map<string, (typeof facts.jwks)[number][]>();
  for (const reading of facts.jwks)
    byReplica.set(reading.replica, [...(byReplica.get(reading.replica) ?? []), reading]);
  return [...byReplica].map(([replica, readings]): Finding => {
    const first = readings[0];
    const zones = readings.length === 1 ? `zone ${first?.zoneName}` : counted(readings.length, "zone");
    const why =
      first?.served === null
        ? `answers "${first.reason}"`
        : `serves ${counted(first?.served.length ?? 0, "key")} that are not the newest rows`;
    return {
      key: `jwks:${replica}`,
      rule: "jwks-differs",
      severity: "P1",
      source: replica,
      sentence: `${replica} cannot open the signing keys of ${zones}: its JWKS ${why}`,
      meaning:
        "It runs with another ZONE_KEK, and says ready all the same. Its exchanges fail after an allow event and a session row were written. Take it out of rotation, give it the right KEK and restart it; drain its audit spool first.",
      figures: readings.slice(0, 10).map((reading) => ({
        name: reading.zoneName,
        value: reading.served === null ? (reading.reason ?? "no keys") : reading.served.join(", ") || "no keys",
        source: `${replica} JWKS against secrets`,
      })),
      action: { label: "Compare the keys", href: "/keys" },
    };
  });
}
