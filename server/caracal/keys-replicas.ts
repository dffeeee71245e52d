import type { ReplicaAddress } from "@/server/caracal/deployment";
import { readJwksAnswer, type JwksAnswer, type Readiness } from "@/server/caracal/keys-jwks";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";

const keepMs = 10_000;
const mostKept = 5_000;

/** Remembers the promise of each answer for 10 s, so that callers who ask meanwhile share one request. */
function shared<T>(): (key: string, ask: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return (key, ask) => {
    const now = performance.now();
    const held = kept.get(key);
    if (held !== undefined && held.until > now) return held.answer;
    const answer = ask();
    kept.delete(key); // so that the oldest stay first
    kept.set(key, { until: now + keepMs, answer });
    for (const [oldest, { until }] of kept) {
      if (until > now && kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    return answer;
  };
}

const jwks = shared<JwksAnswer>();
const readiness = shared<Readiness>();

/** One replica's JWKS for one zone: 2 s at most, answers shared for 10 s. Never throws. */
export function askJwks(replica: ReplicaAddress, zoneId: string): Promise<JwksAnswer> {
  const url = `${replica.url}/.well-known/jwks.json?zone_id=${encodeURIComponent(zoneId)}`;
  return jwks(url, async () => readJwksAnswer(await fetchAnswer(url, { timeoutMs: 2_000 })));
}

/** One replica's /ready, shared likewise; null when it did not answer. */
export function askReadiness(replica: ReplicaAddress): Promise<Readiness> {
  const url = `${replica.url}/ready`;
  return readiness(url, async () => {
    const answer = await fetchAnswer(url, { timeoutMs: 2_000 });
    if ("failed" in answer) return null;
    const ready = answer.status === 200;
    return { ready, reason: ready ? null : answer.body.trim().slice(0, 200) || `answered ${answer.status}` };
  });
}
