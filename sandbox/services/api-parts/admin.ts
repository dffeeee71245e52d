import type { Pool, PoolClient } from "pg";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { hashClientSecret } from "../shared/client-secret";
import { type Answer, bearer, bodyText, jsonAnswer, type Request, routeNotFound } from "../shared/http-server";
import { revocations } from "../shared/streams";

const maxPage = 1_000;

/** The administrators' part of the API, behind the bearer admin token: what the contract's section 1 lists, no more. */
export class Admin {
  constructor(
    private readonly pool: Pool,
    private readonly token: string,
  ) {}

  async handle(request: Request): Promise<Answer> {
    const given = bearer(request);
    if (given === null) return jsonAnswer(401, { error: "missing_token" });
    if (given !== this.token) return jsonAnswer(401, { error: "invalid_token" });
    const parts = request.path.split("/").slice(2).map(decodeURIComponent);
    const [collection, zone, kind, id] = parts;
    if (collection !== "zones") return routeNotFound(request);
    if (request.method === "GET" && zone === undefined) return this.zones();
    if (zone === undefined) return routeNotFound(request);
    if (request.method === "GET" && kind === "sessions" && parts.length === 3)
      return this.sessions(zone, request.query);
    if (request.method === "GET" && kind === "audit" && parts.length === 3) return this.audit(zone, request.query);
    if (request.method === "GET" && kind === "audit" && id === "by-request")
      return this.byRequest(zone, parts[4] ?? "");
    if (request.method === "DELETE" && kind === "grants" && id !== undefined)
      return this.revokeGrant(zone, id, request);
    if (request.method === "PATCH" && kind === "applications" && id !== undefined)
      return this.patchApplication(zone, id, request);
    return routeNotFound(request);
  }

  private async zones(): Promise<Answer> {
    const { rows } = await this.pool.query(
      "SELECT id, org_id, name, slug, login_flow, created_at, updated_at FROM zones WHERE archived_at IS NULL ORDER BY created_at",
    );
    return jsonAnswer(200, rows);
  }

  // The release pages by created_at alone, in milliseconds, so it skips rows that share the last row's: so does this.
  private async page(sql: string, params: readonly unknown[], query: URLSearchParams, at: string): Promise<Answer> {
    const limit = Math.min(Math.max(Number(query.get("limit") ?? 100) || 100, 1), maxPage);
    const cursor = query.get("cursor");
    const { rows } = await this.pool.query<Record<string, Date>>(sql, [...params, cursor, limit]);
    const last = rows.length === limit ? rows.at(-1)?.[at] : undefined;
    return jsonAnswer(200, { rows, next_cursor: last === undefined ? null : last.toISOString() });
  }

  private sessions(zone: string, query: URLSearchParams): Promise<Answer> {
    const sql = `SELECT id, zone_id, session_type, subject_id, parent_id, status, expires_at, authenticated_at, created_at FROM sessions
      WHERE zone_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR subject_id = $3)
        AND ($4::timestamptz IS NULL OR created_at < $4) ORDER BY created_at DESC LIMIT $5`;
    return this.page(sql, [zone, query.get("status"), query.get("subject_id")], query, "created_at");
  }

  private audit(zone: string, query: URLSearchParams): Promise<Answer> {
    const sql = `SELECT id, zone_id, event_type, request_id, decision, evaluation_status, occurred_at FROM audit_events
      WHERE zone_id = $1 AND ($2::timestamptz IS NULL OR occurred_at >= $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
        AND ($4::text IS NULL OR request_id = $4) AND ($5::text IS NULL OR decision = $5) AND ($6::text IS NULL OR event_type = $6)
        AND ($7::timestamptz IS NULL OR occurred_at < $7) ORDER BY occurred_at DESC LIMIT $8`;
    const names = ["since", "until", "request_id", "decision", "event_type"];
    return this.page(sql, [zone, ...names.map((name) => query.get(name))], query, "occurred_at");
  }

  private async byRequest(zone: string, requestId: string): Promise<Answer> {
    const sql = `SELECT id, zone_id, event_type, request_id, decision, evaluation_status, determining_policies_json, diagnostics_json,
      metadata_json, occurred_at FROM audit_events WHERE zone_id = $1 AND request_id = $2 ORDER BY occurred_at LIMIT 1000`;
    return jsonAnswer(200, (await this.pool.query(sql, [zone, requestId])).rows);
  }

  private async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = true;
    try {
      await client.query("BEGIN");
      const value = await work(client);
      await client.query("COMMIT");
      broken = false;
      return value;
    } finally {
      client.release(broken);
    }
  }

  private record(
    client: PoolClient,
    request: Request,
    requestId: string,
    zone: string,
    entity: readonly [type: string, id: string],
    status: number,
  ) {
    const sql = `INSERT INTO admin_audit_events (id, request_id, actor_id, actor_name, actor_scope, action, method, path, zone_id, entity_type, entity_id, status_code)
      VALUES ($1, $2, 'sandbox-admin', 'bootstrap', 'global', $3, $4, $5, $6, $7, $8, $9)`;
    return client.query(sql, [
      uuidV7(),
      requestId,
      `${request.method} ${request.path}`,
      request.method,
      request.path,
      zone,
      ...entity,
      status,
    ]);
  }

  /** A grant goes with every active session of its user, expired ones included (trap 5), one outbox row each. */
  private revokeGrant(zone: string, id: string, request: Request): Promise<Answer> {
    return this.transaction(async (client) => {
      const granted = await client.query<{ user_id: string }>(
        "UPDATE delegated_grants SET status = 'revoked', updated_at = now() WHERE id = $1 AND zone_id = $2 AND status = 'active' RETURNING user_id",
        [id, zone],
      );
      const [grant] = granted.rows;
      if (grant === undefined) return jsonAnswer(404, { error: "not_found" });
      const requestId = uuidV7();
      const revoked = await client.query<{ id: string }>(
        "UPDATE sessions SET status = 'revoked' WHERE zone_id = $1 AND subject_id = $2 AND status = 'active' RETURNING id",
        [zone, grant.user_id],
      );
      for (const session of revoked.rows)
        await client.query(
          "INSERT INTO event_outbox (id, stream_name, payload_json, request_id) VALUES ($1, $2, $3, $4)",
          [
            uuidV7(),
            revocations,
            { zone_id: zone, session_id: session.id, reason: "grant_revoked", grant_id: id },
            requestId,
          ],
        );
      await this.record(client, request, requestId, zone, ["grants", id], 204);
      return { status: 204, body: "" };
    });
  }

  private patchApplication(zone: string, id: string, request: Request): Promise<Answer> {
    const secret = bodyText(request, "client_secret");
    if (secret === "") return Promise.resolve(jsonAnswer(400, { error: "invalid_body" }));
    return this.transaction(async (client) => {
      const sql =
        "UPDATE applications SET client_secret_hash = $3, updated_at = now() WHERE id = $1 AND zone_id = $2 AND archived_at IS NULL RETURNING id, zone_id, name, credential_type, updated_at";
      const { rows } = await client.query(sql, [id, zone, hashClientSecret(secret)]);
      if (rows.length === 0) return jsonAnswer(404, { error: "not_found" });
      await this.record(client, request, uuidV7(), zone, ["applications", id], 200);
      return jsonAnswer(200, rows[0]);
    });
  }
}
