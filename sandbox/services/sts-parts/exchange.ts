import { createHash, createPublicKey } from "node:crypto";
import type { Redis } from "ioredis";
import { jwtVerify, SignJWT } from "jose";
import type { Pool } from "pg";
import type { AuditEvent } from "@/sandbox/encoding/audit-event";
import { nowNanoseconds } from "@/sandbox/encoding/go-time";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { checkClientSecret } from "../shared/client-secret";
import type { AuditSink } from "./audit-sink";
import type { Policies } from "./policies";
import { KeyMissing, KeyUnreadable, type ZoneKeys } from "./zone-keys";

export type ExchangeRequest = {
  readonly zoneId: string;
  readonly applicationId: string;
  readonly clientSecret: string;
  readonly subjectToken: string; // an ambient mandate, or "" for a first mint
  readonly userId: string; // a first mint for a user; "" for the application itself
  readonly resource: string;
  readonly ambient: boolean;
};
export type Mandate = {
  readonly token: string;
  readonly sid: string;
  readonly jti: string;
  readonly subject: string;
  readonly expiresIn: number;
};

/** A refusal as STS answers it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    description: string,
  ) {
    super(description);
  }
}

export type ExchangeParts = {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly keys: ZoneKeys;
  readonly policies: Policies;
  readonly sink: AuditSink;
};

const ambientSeconds = 60 * 60;
const perCallSeconds = 15 * 60;
const issuer = "caracal-sts";
const applicationSql = `
  SELECT a.client_secret_hash FROM applications a JOIN zones z ON z.id = a.zone_id
  WHERE a.id = $1 AND a.zone_id = $2 AND a.archived_at IS NULL AND z.archived_at IS NULL`;
const resourceSql = "SELECT 1 FROM resources WHERE zone_id = $1 AND identifier = $2 AND archived_at IS NULL";
const activeSql =
  "SELECT subject_id, session_type FROM sessions WHERE id = $1 AND zone_id = $2 AND status = 'active' AND expires_at > now()";
const insertSql = `
  INSERT INTO sessions (id, zone_id, session_type, subject_id, parent_id, status, expires_at, authenticated_at)
  VALUES ($1, $2, $3, $4, NULL, 'active', now() + make_interval(secs => $5), now())`;

type Subject = { readonly id: string; readonly type: "user" | "application" };

async function subjectOf(parts: ExchangeParts, request: ExchangeRequest): Promise<Subject> {
  if (request.subjectToken === "")
    return request.userId === ""
      ? { id: request.applicationId, type: "application" }
      : { id: request.userId, type: "user" };
  const refused = new Refused(401, "invalid_token", "invalid subject_token");
  const signing = await parts.keys.signing(request.zoneId).catch(() => {
    throw refused;
  });
  const verified = await jwtVerify(request.subjectToken, createPublicKey(signing.privateKey), { issuer }).catch(() => {
    throw refused;
  });
  if (verified.payload.use !== "ambient") throw refused;
  const { rows } = await parts.pool.query<{ subject_id: string; session_type: "user" | "application" }>(activeSql, [
    verified.payload.sid,
    request.zoneId,
  ]);
  const [row] = rows;
  if (row === undefined) throw refused;
  return { id: row.subject_id, type: row.session_type };
}

const event = (
  request: ExchangeRequest,
  requestId: string,
  given: Pick<AuditEvent, "decision" | "evaluationStatus" | "determiningPolicies" | "diagnostics"> &
    Partial<AuditEvent>,
): AuditEvent => ({
  id: uuidV7(),
  zoneId: request.zoneId,
  eventType: "token_exchange",
  requestId,
  metadata: { resource: request.resource },
  occurredAt: nowNanoseconds(),
  ...given,
});

async function deny(
  parts: ExchangeParts,
  request: ExchangeRequest,
  requestId: string,
  first: AuditEvent,
): Promise<never> {
  await parts.sink.emit(first);
  const nothing = { determiningPolicies: null, diagnostics: null };
  const metadata = { requested: [request.resource] };
  await parts.sink.emit(
    event(request, requestId, { decision: "deny", evaluationStatus: "exchange_denied", ...nothing, metadata }),
  );
  throw new Refused(403, "access_denied", "policy denied");
}

/**
 * A token exchange as far as an operator can see it: one audit event per resource before the session row, one session row
 * with parent_id null before the signature (so trap 16's allow event and row precede its 500). Throws Refused.
 */
export async function exchange(parts: ExchangeParts, request: ExchangeRequest): Promise<Mandate> {
  const requestId = uuidV7();
  const nothing = { determiningPolicies: null, diagnostics: null };
  if (parts.redis.status !== "ready") {
    const denied = event(request, requestId, {
      decision: "deny",
      evaluationStatus: "exchange_denied",
      ...nothing,
      metadata: { requested: [request.resource] },
    });
    await parts.sink.emit(denied);
    throw new Refused(403, "access_denied", "policy denied");
  }
  const { rows } = await parts.pool.query<{ client_secret_hash: string | null }>(applicationSql, [
    request.applicationId,
    request.zoneId,
  ]);
  const [application] = rows;
  if (application === undefined || !checkClientSecret(request.clientSecret, application.client_secret_hash))
    throw new Refused(401, "invalid_client", "client authentication failed");
  const subject = await subjectOf(parts, request);
  const known = (await parts.pool.query(resourceSql, [request.zoneId, request.resource])).rowCount === 1;
  if (!known)
    return deny(
      parts,
      request,
      requestId,
      event(request, requestId, { decision: "deny", evaluationStatus: "resource_not_found", ...nothing }),
    );
  const version = parts.policies.evaluate(request.zoneId);
  const manifestSha = createHash("sha256")
    .update(version ?? "")
    .digest("hex");
  if (version === null)
    return deny(
      parts,
      request,
      requestId,
      event(request, requestId, { decision: "deny", evaluationStatus: "no_policy", ...nothing }),
    );
  await parts.sink.emit(
    event(request, requestId, {
      decision: "allow",
      policySetVersionId: version,
      manifestSha,
      evaluationStatus: "complete",
      determiningPolicies: [{ policy: "read-ok", weight: 1.5 }],
      diagnostics: [],
    }),
  );
  return mint(parts, request, subject);
}

async function mint(parts: ExchangeParts, request: ExchangeRequest, subject: Subject): Promise<Mandate> {
  const [sid, jti] = [uuidV7(), uuidV7()];
  const expiresIn = request.ambient ? ambientSeconds : perCallSeconds;
  await parts.pool.query(insertSql, [sid, request.zoneId, subject.type, subject.id, expiresIn]);
  const signing = await parts.keys.signing(request.zoneId).catch((error: unknown) => {
    if (error instanceof KeyMissing || error instanceof KeyUnreadable)
      throw new Refused(500, "internal_error", error.message);
    throw error;
  });
  const token = await new SignJWT({
    sid,
    zone_id: request.zoneId,
    client_id: request.applicationId,
    use: request.ambient ? "ambient" : "per_call",
    resource: request.resource,
  })
    .setProtectedHeader({ alg: "ES256", kid: signing.kid })
    .setIssuer(issuer)
    .setSubject(subject.id)
    .setJti(jti)
    .setIssuedAt()
    .setExpirationTime(`${expiresIn}s`)
    .sign(signing.privateKey);
  await parts.redis.set(
    `audit:jti:${jti}`,
    `${request.applicationId}|${Math.floor(Date.now() / 1_000)}`,
    "EX",
    expiresIn,
  );
  return { token, sid, jti, subject: subject.id, expiresIn };
}
