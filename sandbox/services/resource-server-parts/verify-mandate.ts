import type { Redis } from "ioredis";
import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";

type Kept = { readonly keys: readonly JWK[]; readonly at: number };
export type Verdict =
  | { readonly ok: true; readonly sid: string; readonly kid: string }
  | { readonly ok: false; readonly why: string };

const againMs = 5_000;

/** Checks mandates as a resource server does: by the zone's JWKS, kept for a while, then the revoked sids. */
export class MandateVerifier {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly redis: Redis,
    private readonly stsUrl: string,
    private readonly keepMs: number,
  ) {}

  private async keysOf(zoneId: string, kid: string): Promise<readonly JWK[]> {
    const known = this.kept.get(zoneId);
    const age = known === undefined ? Number.POSITIVE_INFINITY : Date.now() - known.at;
    const has = known?.keys.some((key) => key.kid === kid) ?? false;
    if (known !== undefined && age < this.keepMs && (has || age < againMs)) return known.keys;
    const response = await fetch(`${this.stsUrl}/.well-known/jwks.json?zone_id=${encodeURIComponent(zoneId)}`, {
      signal: AbortSignal.timeout(3_000),
    });
    const { keys = [] } = response.ok ? ((await response.json()) as { keys?: JWK[] }) : {};
    this.kept.set(zoneId, { keys, at: Date.now() });
    return keys;
  }

  async verify(token: string): Promise<Verdict> {
    try {
      const { kid = "" } = decodeProtectedHeader(token);
      const { zone_id: zoneId, sid } = decodeJwt<{ zone_id: string; sid: string }>(token);
      const key = (await this.keysOf(zoneId, kid)).find((one) => one.kid === kid);
      if (key === undefined) return { ok: false, why: `no key ${kid}` };
      await jwtVerify(token, await importJWK(key, "ES256"), { issuer: "caracal-sts" });
      if ((await this.redis.get(`caracal:revoked:sessions:${sid}`)) !== null) return { ok: false, why: "revoked" };
      return { ok: true, sid, kid };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : "not a mandate" };
    }
  }
}
