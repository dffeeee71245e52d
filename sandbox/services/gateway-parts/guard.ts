import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from "jose";
import { goJson } from "@/sandbox/encoding/go-json";
import { nowNanoseconds, rfc3339Nano } from "@/sandbox/encoding/go-time";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { type Answer, bearer, goJsonAnswer, type Request } from "../shared/http-server";
import { auditStream } from "../shared/streams";

const remembered = 24 * 60 * 60_000;
const refusedLastSeconds = 35;
type Denial = "missing_auth" | "bad_bearer" | "expiring" | "jti_replay" | "revoked" | "signature";

/** One gateway replica: its counters and the revoked sids it has heard of, both in memory only. */
export class Gateway {
  readonly counters = {
    requests_total: 0,
    requests_allowed: 0,
    requests_denied: 0,
    denials_missing_auth: 0,
    denials_bad_bearer: 0,
    denials_expiring: 0,
    denials_bad_routing: 0,
    denials_path_traversal: 0,
    denials_signature: 0,
    denials_jti_replay: 0,
    denials_revoked: 0,
    denials_binding: 0,
    sts_exchange_errors: 0,
    upstream_errors: 0,
    bindings_loaded: 0,
  };
  private readonly revoked = new Map<string, number>();
  private readonly keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

  constructor(
    private readonly redis: Redis,
    private readonly stsUrl: string,
  ) {}

  revoke(sid: string): void {
    this.revoked.set(sid, Date.now() + remembered);
  }

  metrics(): Record<string, number> {
    for (const [sid, until] of this.revoked) if (until <= Date.now()) this.revoked.delete(sid);
    return { ...this.counters, revocations_active: this.revoked.size };
  }

  private deny(status: number, denial: Denial): Answer {
    this.counters.requests_denied += 1;
    this.counters[`denials_${denial}`] += 1;
    return goJsonAnswer(status, { error: denial });
  }

  private keysOf(zoneId: string): ReturnType<typeof createRemoteJWKSet> {
    const known = this.keySets.get(zoneId);
    if (known !== undefined) return known;
    const url = new URL(`${this.stsUrl}/.well-known/jwks.json?zone_id=${encodeURIComponent(zoneId)}`);
    const fresh = createRemoteJWKSet(url, { cacheMaxAge: 5 * 60_000 });
    this.keySets.set(zoneId, fresh);
    return fresh;
  }

  /** A request with a mandate, up to the exchange at STS, which this release always refuses (trap 19). */
  async pass(request: Request): Promise<Answer> {
    this.counters.requests_total += 1;
    if (request.headers.authorization === undefined) return this.deny(401, "missing_auth");
    const token = bearer(request);
    const claims = token === null ? null : claimsOf(token);
    if (token === null || claims === null) return this.deny(401, "bad_bearer");
    if ((claims.exp ?? 0) - Date.now() / 1_000 < refusedLastSeconds) return this.deny(401, "expiring");
    if (this.revoked.has(String(claims.sid))) return this.deny(401, "revoked");
    try {
      await jwtVerify(token, this.keysOf(String(claims.zone_id)));
    } catch {
      return this.deny(401, "signature");
    }
    const resource = String(claims.resource);
    const first = await this.redis.set(`seen:jti:${claims.jti}`, "1", "EX", 900, "NX");
    if (first === null) {
      await this.reportReplay(claims, resource);
      return this.deny(401, "jti_replay");
    }
    return this.exchangeAtSts(token, claims, resource);
  }

  private async exchangeAtSts(token: string, claims: JWTPayload, resource: string): Promise<Answer> {
    const body = JSON.stringify({
      zone_id: claims.zone_id,
      client_id: claims.client_id,
      subject_token: token,
      resource,
    });
    const answered = await fetch(`${this.stsUrl}/oauth/token`, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(5_000),
    }).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) {
      this.counters.requests_allowed += 1;
      return goJsonAnswer(200, { ok: true });
    }
    this.counters.requests_denied += 1;
    this.counters.sts_exchange_errors += 1;
    return goJsonAnswer(401, { error: "exchange_failed" });
  }

  /** The gateway leaves zone_id and sig out, so audit dead-letters every one of these (trap 11). */
  private async reportReplay(claims: JWTPayload, resource: string): Promise<void> {
    const [id, requestId] = [uuidV7(), uuidV7()];
    const data = goJson({
      decision: "deny",
      evaluation_status: "anomaly",
      event_type: "replay_detected",
      id,
      metadata_json: {
        client_id: String(claims.client_id),
        jti: String(claims.jti),
        request_id: requestId,
        resource,
        subject_fp: createHash("sha256").update(String(claims.sub)).digest("hex").slice(0, 16),
      },
      occurred_at: rfc3339Nano(nowNanoseconds()),
      request_id: requestId,
    });
    await this.redis.xadd(auditStream, "*", "id", id, "data", data);
  }
}

function claimsOf(token: string): JWTPayload | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
