import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { keepCustody, scopeWords } from "@/server/evidence/vault/item-rows";
import type { ExpiredItem, RetentionView, Scope, StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { messageOf } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { severities } from "@/server/platform/severity";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

const days = z.number().int().min(1).max(36_500);
const policySchema = z.strictObject({
  keepDays: z.strictObject({
    default: days, // of items without an incident, and of severities that are not named
    ...(Object.fromEntries(severities.map((severity) => [severity, days.optional()])) as Record<
      (typeof severities)[number],
      z.ZodOptional<typeof days>
    >),
  }),
  note: z.string().max(2_000).default(""),
});
type Policy = z.output<typeof policySchema>;

/**
 * The retention policy as its file says now: `{"keepDays": {"default": 400, "P1": 2557}, "note": "…"}`, counted from the end of the
 * preservation, by the severity of its incident. Without a file, or with one that cannot be read, everything is kept. Never throws.
 */
export async function readPolicy(
  path: string | undefined,
): Promise<{ readonly policy: Policy | null; readonly problem: string | null }> {
  if (path === undefined) return { policy: null, problem: null };
  try {
    const parsed = policySchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (parsed.success) return { policy: parsed.data, problem: null };
    const [issue] = parsed.error.issues;
    return { policy: null, problem: `${issue?.path.join(".") || "The file"}: ${issue?.message ?? "not understood"}` };
  } catch (error) {
    return { policy: null, problem: messageOf(error) };
  }
}

/** For how many days an object is locked where that is left to us: the shortest that the policy knows. Null: not. */
export async function shortestKeep(path: string | undefined): Promise<number | null> {
  const { policy } = await readPolicy(path);
  return policy === null ? null : Math.min(...Object.values(policy.keepDays).filter((value) => value !== undefined));
}

/** Who asks: somebody signed in, who sees no item of an incident that is not open to them, or the operator at the machine, who sees all. */
type Viewer = Pick<Actor, "id" | "roles"> | "operator";

/** Items past the policy that the viewer may see, oldest first, at most 500, and whether an open incident holds them. */
async function expired(db: Queryable, { keepDays }: Policy, viewer: Viewer): Promise<ExpiredItem[]> {
  const rows = await db.query<Omit<ExpiredItem, "what"> & { scope: Scope }>(
    `SELECT v.id, v.scope, v.finished_at AS "endedAt", v.bytes::float8 AS bytes,
            CASE WHEN n.id IS NOT NULL AND n.state <> 'closed' THEN 'INC-' || n.number END AS "heldBy"
       FROM evidence_items v LEFT JOIN incidents n ON n.id = v.incident_id
      WHERE v.state NOT IN ('queued', 'running', 'removed')
        AND v.finished_at < now() - make_interval(days => coalesce(($1::json->>n.severity)::int, ($1::json->>'default')::int))
        AND ${visibleByIncident("v.incident_id", 2)}
      ORDER BY v.finished_at LIMIT 500`,
    [JSON.stringify(keepDays), ...(viewer === "operator" ? [true, null] : viewerParams(viewer))],
  );
  return rows.map(({ scope, endedAt, ...row }) => ({
    ...row,
    what: scopeWords(scope),
    endedAt: new Date(endedAt).toISOString(),
  }));
}

/** The policy and what it would remove, as far as the viewer may see it. */
export async function retentionView(db: Queryable, path: string | undefined, viewer: Viewer): Promise<RetentionView> {
  const { policy, problem } = await readPolicy(path);
  return {
    configured: path !== undefined,
    problem,
    keepDays:
      policy === null ? null : Object.entries(policy.keepDays).map(([name, value]) => [name, value ?? 0] as const),
    note: policy?.note ?? "",
    expired: policy === null ? [] : await expired(db, policy, viewer),
  };
}

/** Removes one item's files from its stores, recorded before and after; done again after a crash it goes on. */
async function removeItem(db: Database, stores: ReadonlyMap<StoreName, VaultStore>, itemId: string): Promise<string> {
  const note = "Past the retention policy";
  const item = await db.transaction(async (tx) => {
    // Locked with its incident, so that none is reopened meanwhile
    const [row] = await tx.query<{ scope: Scope; incident_id: string | null }>(
      `SELECT i.scope, i.incident_id FROM evidence_items i LEFT JOIN incidents n ON n.id = i.incident_id
        WHERE i.id = $1 AND i.state NOT IN ('queued', 'running', 'removed') AND (n.id IS NULL OR n.state = 'closed') FOR UPDATE OF i`,
      [itemId],
    );
    if (row !== undefined)
      await keepCustody(tx, itemId, { act: "removed", by: null, note: `${note}: its files are being removed` });
    return row;
  });
  if (item === undefined) return "held by an open incident, or removed already";
  const copies = await db.query<{ name: string; store: StoreName }>(
    "SELECT name, store FROM evidence_copies WHERE item_id = $1 ORDER BY name",
    [itemId],
  );
  for (const { name, store } of copies) {
    const place = stores.get(store);
    if (place === undefined) throw new Error(`the store ${store} is configured no more`);
    await place.remove(itemId, name);
  }
  await db.transaction(async (tx) => {
    await tx.query("UPDATE evidence_items SET state = 'removed' WHERE id = $1 AND state <> 'removed'", [itemId]);
    await keepCustody(tx, itemId, { act: "removed", by: null, note: `${note}: ${copies.length} files removed` });
    await appendAnyway(tx, [
      {
        chain: item.incident_id ?? consoleChain,
        kind: "evidence.removed",
        by: null,
        summary: `Preserved evidence of ${scopeWords(item.scope)} was removed: past the retention policy`,
        details: { refs: { evidence: itemId } },
      },
    ]);
  });
  return `${copies.length} files removed`;
}

/** Removes what is past the policy and held by no open incident, and says of each what became of it. */
export async function* removeExpired(
  db: Database,
  stores: ReadonlyMap<StoreName, VaultStore>,
  path: string | undefined,
): AsyncGenerator<{ readonly item: ExpiredItem; readonly outcome: string }> {
  for (const item of (await retentionView(db, path, "operator")).expired)
    yield {
      item,
      outcome:
        item.heldBy === null ? await removeItem(db, stores, item.id) : `kept: ${item.heldBy} holds it and is open`,
    };
}
