import type { Facts, Finding } from "@/server/detection/facts";
import { outagePlaybook } from "@/server/detection/words";

const recentMs = 2 * 60_000;
const wholeMs = 15 * 60_000;
const fewest = 10; // errors or requests below this tell nothing
const jump = 0.3;

/** The share of failing exchanges at a gateway rose (P2). A high share alone is how this release behaves; a change is not (trap 19). */
export function exchangeErrors(facts: Facts): readonly Finding[] {
  return facts.replicas
    .filter(({ kind }) => kind === "gateway")
    .flatMap((replica): Finding[] => {
      const rise = (name: string, windowMs: number) =>
        facts.history.increase(`replica:${replica.id}:${name}`, windowMs, facts.now) ?? 0;
      const errors = rise("sts_exchange_errors", recentMs);
      const requests = Math.max(errors, rise("requests_total", recentMs));
      const errorsBefore = rise("sts_exchange_errors", wholeMs) - errors;
      const requestsBefore = Math.max(errorsBefore, rise("requests_total", wholeMs) - requests);
      if (errors < fewest || requestsBefore < fewest) return [];
      const [share, shareBefore] = [errors / requests, errorsBefore / requestsBefore];
      if (share < shareBefore + jump) return [];
      const percent = (part: number) => Math.round(part * 100);
      return [
        {
          key: `exchange-errors:${replica.id}`,
          rule: "exchange-errors",
          severity: "P2",
          source: replica.id,
          settleMs: 60_000,
          sentence: `Exchange errors jumped on ${replica.id}: ${percent(share)} % of requests in 2 minutes, ${percent(shareBefore)} % before`,
          meaning:
            "STS began to refuse what this gateway asks for. Look at /ready and JWKS of every STS replica, and at what was changed just before.",
          figures: [
            { name: "errors in 2 minutes", value: errors, source: `${replica.id} /metrics` },
            { name: "share before", value: percent(shareBefore), unit: "%", source: `${replica.id} /metrics` },
          ],
          series: `replica:${replica.id}:sts_exchange_errors`,
          action: outagePlaybook("sts"),
        },
      ];
    });
}
