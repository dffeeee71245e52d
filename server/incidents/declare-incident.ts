import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { IncidentContext } from "@/server/incidents/act-on-incident";
import { restartUpdateClock } from "@/server/incidents/running-clock";
import type { declareIncidentInput } from "@/server/incidents/schemas";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { type NoticeTag, queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";

export type Declaration = {
  readonly title: string;
  readonly severity: Severity;
  readonly origin: "by-hand" | "signal" | "automatic" | "playbook" | "break-glass" | "alertmanager";
  readonly restricted?: boolean;
  readonly drill?: boolean;
  readonly beganAt?: Date | null; // null: now
  readonly dedupeKeys?: readonly string[];
  readonly tags?: readonly NoticeTag[];
  readonly entries?: readonly Omit<NewEntry, "chain">[]; // after the declaration's own
};
export type Declared = { readonly incidentId: string; readonly number: number; readonly folded: boolean };

/** The open incident that holds the key, however restricted; locked, so that it holds it until the transaction ends. */
async function holderOf(tx: Queryable, key: string): Promise<{ id: string; number: number } | null> {
  for (;;) {
    const [held] = await tx.query<{ incident_id: string }>(
      "SELECT incident_id FROM incident_keys WHERE dedupe_key = $1 AND open",
      [key],
    );
    if (held === undefined) return null;
    await tx.query("SELECT 1 FROM incidents WHERE id = $1 FOR UPDATE", [held.incident_id]);
    const [row] = await tx.query<{ id: string; number: number }>(
      `SELECT i.id, i.number::int AS number FROM incident_keys k JOIN incidents i ON i.id = k.incident_id
        WHERE k.dedupe_key = $1 AND k.open AND i.id = $2`,
      [key, held.incident_id],
    );
    if (row !== undefined) return row; // else it was resolved or merged while this waited: look again
  }
}

/**
 * Declares an incident in the caller's transaction, or gives the open one that holds its first dedupe key: the unique index on
 * open keys decides, so that any number of replicas and clicks make one. `entries` go on the record of whichever it is; they are
 * written here, so call this last in the transaction.
 */
export async function declareIn(tx: Queryable, by: Actor | null, given: Declaration): Promise<Declared> {
  const [key] = given.dedupeKeys ?? [];
  if (key !== undefined) await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4270114))", [key]); // declarations of one key take turns
  const holder = key === undefined ? null : await holderOf(tx, key);
  const own = given.entries ?? [];
  if (holder !== null) {
    await appendEntries(
      tx,
      own.map((entry) => ({ ...entry, chain: holder.id })),
    );
    return { incidentId: holder.id, number: holder.number, folded: true };
  }
  const id = randomUUID();
  const [row] = await tx.query<{ number: number }>(
    `INSERT INTO incidents (id, title, severity, restricted, drill, origin, declared_by_id, declared_by_name, began_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, least(coalesce($9::timestamptz, now()), now())) RETURNING number::int AS number`,
    [
      id,
      given.title.slice(0, 200),
      given.severity,
      given.restricted ?? false,
      given.drill ?? false,
      given.origin,
      by?.id ?? null,
      by?.name ?? "console",
      given.beganAt ?? null,
    ],
  );
  if (row === undefined) throw new Error("the incident was not stored");
  for (const dedupeKey of given.dedupeKeys ?? [])
    await tx.query("INSERT INTO incident_keys (incident_id, dedupe_key) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      id,
      dedupeKey,
    ]);
  if (by !== null)
    await tx.query("INSERT INTO incident_members (incident_id, person_id) SELECT $1, id FROM people WHERE id = $2", [
      id,
      by.id,
    ]);
  await restartUpdateClock(tx, id, given.severity);
  if (given.drill !== true)
    await queueNotice(tx, {
      key: `incident-declared:${id}`,
      kind: "incident-declared",
      incidentId: id,
      severity: given.severity,
      tags: given.tags ?? [],
      sentence: given.title.slice(0, 200),
      path: `/incidents/${id}`,
    });
  await appendEntries(tx, [
    {
      chain: id,
      kind: "incident.declared",
      by,
      summary: `${given.severity} declared${by === null ? " by the console" : ""}: ${given.title}`,
      details: {
        parameters: {
          severity: given.severity,
          origin: given.origin,
          restricted: given.restricted ?? false,
          drill: given.drill ?? false,
        },
      },
    },
    ...own.map((entry) => ({ ...entry, chain: id })),
  ]);
  return { incidentId: id, number: row.number, folded: false };
}

type SignalRow = {
  id: string;
  key: string;
  sentence: string;
  began_at: Date;
  incident_id: string | null;
  number: number | null;
  held: boolean; // some open incident has its key
};

/**
 * The open record of a signal, and the open incident that it belongs to already. One that the person may not see is as if it were not
 * there: what is declared then stands beside it, without the signal's key.
 */
async function openSignal(tx: Queryable, actor: Actor, key: string): Promise<SignalRow> {
  const [row] = await tx.query<SignalRow & { visible: boolean | null }>(
    `SELECT s.id, s.key, s.sentence, s.began_at, i.id AS incident_id, i.number::int AS number, i.id IS NOT NULL AS held, ${visibleTo("i", 1)} AS visible
       FROM signal_records s
       LEFT JOIN incident_keys k ON k.dedupe_key = s.key AND k.open LEFT JOIN incidents i ON i.id = k.incident_id
      WHERE s.key = $3 AND s.cleared_at IS NULL FOR UPDATE OF s`,
    [...viewerParams(actor), key],
  );
  if (row === undefined)
    throw new DomainError("not_found", "This signal is not open any more. Declare the incident by hand, without it.");
  return row.visible === true ? row : { ...row, incident_id: null, number: null };
}

/**
 * Declares an incident by hand, or from an open signal: a signal that an open incident already holds leads to that one.
 * @throws not_found for a signal that is over
 */
export async function declareIncident({
  ctx: { db, actor },
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof declareIncidentInput>;
}): Promise<Declared> {
  return db.transaction(async (tx) => {
    const signal = input.signalKey == null ? null : await openSignal(tx, actor, input.signalKey);
    if (signal?.incident_id != null && signal.number !== null)
      return { incidentId: signal.incident_id, number: signal.number, folded: true };
    const declared = await declareIn(tx, actor, {
      title: input.title,
      severity: input.severity,
      restricted: input.restricted,
      drill: input.drill,
      origin: signal === null ? "by-hand" : "signal",
      beganAt: signal?.began_at ?? null,
      dedupeKeys: signal === null || signal.held ? [] : [signal.key],
      entries: [
        ...(signal === null
          ? []
          : [
              {
                kind: "signal.fired",
                by: null,
                summary: signal.sentence,
                details: {
                  refs: { signal: signal.key },
                  figures: [{ name: "since", value: signal.began_at.toISOString(), source: "the signal" }],
                },
              },
            ]),
        ...(input.note === "" ? [] : [{ kind: "note.added", by: actor, summary: input.note }]),
      ],
    });
    if (signal !== null)
      await tx.query("INSERT INTO incident_signals (incident_id, signal_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
        declared.incidentId,
        signal.id,
      ]);
    for (const zoneId of input.zoneIds)
      await tx.query(
        "INSERT INTO incident_links (incident_id, kind, ref, label) VALUES ($1, 'zone', $2, $2) ON CONFLICT DO NOTHING",
        [declared.incidentId, zoneId],
      );
    return declared;
  });
}
