import { randomUUID } from "node:crypto";
import type { Stage } from "./stage";

/** A zone, by its slug. */
export async function addZone(stage: Pick<Stage, "owner">, slug = `zone-${randomUUID().slice(0, 8)}`): Promise<string> {
  const id = randomUUID();
  await stage.owner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'org', $2, $2, '\\x00')",
    [id, slug],
  );
  return id;
}

export type SessionKind = { readonly status?: string; readonly minutes?: number; readonly type?: string };

/** `count` sessions of a subject, live for `minutes` (negative: expired though still active). Gives their ids in order. */
export async function addSessions(
  stage: Pick<Stage, "owner">,
  zoneId: string,
  subjectId: string,
  count: number,
  kind: SessionKind = {},
): Promise<string[]> {
  const { rows } = await stage.owner.query<{ id: string }>(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at)
     SELECT gen_random_uuid()::text, $1, $2, $3, $4, now() + make_interval(mins => $5) FROM generate_series(1, $6) RETURNING id`,
    [zoneId, kind.type ?? "user", subjectId, kind.status ?? "active", kind.minutes ?? 30, count],
  );
  return rows.map((row) => row.id).sort();
}

/** One active agent session on a sid. */
export async function addAgentSession(stage: Pick<Stage, "owner">, zoneId: string, sid: string): Promise<string> {
  const id = randomUUID();
  await stage.owner.query(
    "INSERT INTO agent_sessions (id, zone_id, application_id, session_sid) VALUES ($1, $2, 'app-1', $3)",
    [id, zoneId, sid],
  );
  return id;
}

/** Asks again until `probe` gives something else than null, for at most `seconds`. */
export async function until<T>(what: string, probe: () => Promise<T | null>, seconds = 20): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const value = await probe();
    if (value !== null) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
