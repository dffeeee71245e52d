import { randomUUID } from "node:crypto";
import type { Deployment } from "@/server/caracal/deployment";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { type ItemRow, keepCustody, scopeWords } from "@/server/evidence/vault/item-rows";
import type { KeptFile } from "@/server/evidence/vault/manifest";
import { Ended, startMeter } from "@/server/evidence/vault/meter";
import { preserve, type Preserved, RecordFailure } from "@/server/evidence/vault/preserve";
import type { StoreName } from "@/server/evidence/vault/schemas";
import { StoreFailure, type VaultStore } from "@/server/evidence/vault/store";
import { type StampSettings, timeStampBy } from "@/server/evidence/vault/time-stamp";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

export type VaultContext = {
  readonly db: Database;
  readonly caracal: Deployment;
  readonly stores: ReadonlyMap<StoreName, VaultStore>;
  readonly settings: SigningSettings & StampSettings & Pick<Settings, "CARACAL_DATABASE_URL" | "POSTGRES_LOG_FOLDER">;
  readonly holder: string;
  readonly silentAfterSeconds?: number;
};

const mostRedone = 3; // begun anew by itself; then a person decides

const itemColumns = `id, incident_id, (SELECT number::int FROM incidents WHERE id = incident_id) AS incident_number, reason, scope,
  requested_by_id, requested_by_name, requested_at, started_at, redo`;

const say = (tx: Queryable, item: Pick<ItemRow, "id" | "incident_id">, kind: string, summary: string) =>
  appendAnyway(tx, [
    {
      chain: item.incident_id ?? consoleChain,
      kind,
      by: null,
      summary,
      details: { refs: { evidence: item.id } },
    },
  ]);

/** What was cut off is partial, for good; the same is ordered anew, a few times, in a place of its own. */
async function retireSilent({ db, silentAfterSeconds = 20 }: VaultContext): Promise<ItemRow | null> {
  return db.transaction(async (tx) => {
    const [item] = await tx.query<ItemRow>(
      `UPDATE evidence_items SET state = CASE WHEN EXISTS (SELECT 1 FROM evidence_files f WHERE f.item_id = evidence_items.id) THEN 'partial' ELSE 'failed' END,
              finished_at = clock_timestamp(), error = 'The process that wrote it ended before it was whole.'
        WHERE id = (SELECT id FROM evidence_items WHERE state = 'running' AND heartbeat_at < now() - make_interval(secs => $1)
                     ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING ${itemColumns}`,
      [silentAfterSeconds],
    );
    if (item === undefined) return null;
    const again = item.redo < mostRedone;
    await keepCustody(tx, item.id, {
      act: "ended",
      by: null,
      note: `Cut off: it is not whole.${again ? " The same is preserved anew." : ""}`,
    });
    if (again) {
      const id = randomUUID();
      await tx.query(
        `INSERT INTO evidence_items (id, incident_id, reason, scope, zone_id, requested_by_id, requested_by_name, redo_of, redo)
         SELECT $2, incident_id, reason, scope, zone_id, requested_by_id, requested_by_name, id, redo + 1 FROM evidence_items WHERE id = $1`,
        [item.id, id],
      );
      await keepCustody(tx, id, { act: "ordered", by: null, note: `Anew, for ${item.id} was cut off` });
    }
    await say(
      tx,
      item,
      "evidence.cut-off",
      `Preservation of ${scopeWords(item.scope)} was cut off and is not whole${again ? "; it is begun anew" : ""}`,
    );
    return item;
  });
}

/** Takes away the halves that an item which was cut off left in its stores. What cannot be asked is said, and holds up nothing. */
async function abandonHalves({ db, stores }: VaultContext, { id, scope }: ItemRow): Promise<void> {
  for (const name of scope.stores) {
    const left = await (stores.get(name)?.abandon(id) ?? Promise.resolve(0)).then(
      (count) => (count === 0 ? null : `${count} unfinished in the ${name} taken away`),
      (error: unknown) => `What it left unfinished in the ${name} is there still: ${messageOf(error)}`,
    );
    if (left !== null) await keepCustody(db, id, { act: "ended", by: null, note: left });
  }
}

const takeItem = async ({ db, holder }: VaultContext): Promise<ItemRow | null> => {
  const [row] = await db.query<ItemRow>(
    `UPDATE evidence_items SET state = 'running', phase = 'beginning', holder = $1, heartbeat_at = now(), started_at = clock_timestamp()
      WHERE id = (SELECT id FROM evidence_items WHERE state = 'queued' ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING ${itemColumns}`,
    [holder],
  );
  return row ?? null;
};

/** Records a file, and where it lies, while this worker still has the item. */
async function keepFile({ db, holder }: VaultContext, item: ItemRow, n: number, file: KeptFile): Promise<void> {
  let rows: unknown[];
  try {
    rows = await db.query(
      `WITH mine AS (SELECT id FROM evidence_items WHERE id = $1 AND holder = $2 AND state = 'running' FOR UPDATE),
            made AS (INSERT INTO evidence_files (item_id, n, name, part, rows, size, sha256, plain_size, plain_sha256, source)
                     SELECT id, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM mine RETURNING item_id, name)
       SELECT item_id FROM made`,
      [
        item.id,
        holder,
        n,
        file.name,
        file.part,
        file.rows,
        file.size,
        file.sha256,
        file.plainSize,
        file.plainSha256,
        file.source,
      ],
    );
    if (rows.length > 0)
      await db.query(
        "INSERT INTO evidence_copies (item_id, name, store) SELECT $1, $2, store FROM unnest($3::text[]) AS store",
        [item.id, file.name, item.scope.stores],
      );
  } catch (error) {
    throw new RecordFailure(messageOf(error), { cause: error });
  }
  if (rows.length === 0) throw new Ended(false);
}

type End = {
  readonly state: "whole" | "partial" | "failed" | "cancelled";
  readonly error: string | null;
  readonly preserved: Preserved | null;
  readonly totals: { readonly rows: number; readonly plain: number; readonly packed: number };
  readonly fingerprint: string;
};

async function finish({ db, holder }: VaultContext, item: ItemRow, end: End): Promise<void> {
  const { state, error, preserved, totals, fingerprint } = end;
  const about = scopeWords(item.scope);
  const size = `${totals.rows} rows, ${totals.packed} bytes compressed`;
  const sentence =
    state === "whole"
      ? `Evidence of ${about} is preserved, whole: ${size}, manifest SHA-256 ${preserved?.manifestSha256}`
      : `Preservation of ${about} is ${state}: ${size}. ${error ?? ""}`.trim();
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE evidence_items SET state = CASE WHEN $3 = 'partial' AND NOT EXISTS (SELECT 1 FROM evidence_files f WHERE f.item_id = $1) THEN 'failed' ELSE $3 END,
              phase = 'end', finished_at = clock_timestamp(), rows = $4, plain_bytes = $5, bytes = $6, bytes_per_second = NULL, error = $7, missing = $8, facts = $9,
              manifest_sha256 = $10, key_fingerprint = $11, time_stamp = $12
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [
        item.id,
        holder,
        state,
        totals.rows,
        totals.plain,
        totals.packed,
        error,
        JSON.stringify(preserved?.missing ?? []),
        preserved === null ? null : JSON.stringify(preserved.snapshot),
        preserved?.manifestSha256 ?? null,
        preserved === null ? null : fingerprint,
        preserved?.timeStamp ?? null,
      ],
    );
    if (rows.length === 0) return; // given up by another replica, which said so
    await keepCustody(tx, item.id, { act: state === "whole" ? "created" : "ended", by: null, note: sentence });
    await say(tx, item, state === "whole" ? "evidence.preserved" : "evidence.not-whole", sentence);
  });
}

/** Preserves one item, from its beginning to its end. True: there may be another. */
export async function advanceOneItem(ctx: VaultContext): Promise<boolean> {
  const cutOff = await retireSilent(ctx);
  if (cutOff !== null) await abandonHalves(ctx, cutOff);
  const item = await takeItem(ctx);
  if (item === null) return false;
  const key = signingKey(ctx.settings);
  const meter = startMeter(ctx.db, item.id, ctx.holder);
  let n = 0;
  try {
    const stores = item.scope.stores.map((name) => {
      const store = ctx.stores.get(name);
      if (store === undefined) throw new StoreFailure(`The store ${name} is configured no more.`);
      return store;
    });
    const preserved = await preserve({
      item,
      caracal: ctx.caracal,
      snapshotUrl: ctx.settings.CARACAL_DATABASE_URL,
      logFolder: ctx.settings.POSTGRES_LOG_FOLDER,
      stores,
      key,
      meter,
      timeStamp: (bytes) => timeStampBy(ctx.settings, bytes),
      kept: (file) => keepFile(ctx, item, n++, file),
    });
    await meter.stop();
    const state = preserved.whole ? "whole" : "partial";
    const error = preserved.whole
      ? null
      : preserved.missing.map(({ what, why }) => `${what} not preserved: ${why}`).join("; ");
    await finish(ctx, item, { state, error, preserved, totals: meter.totals, fingerprint: key.fingerprint });
  } catch (error) {
    await meter.stop();
    const reason: unknown = meter.signal.aborted ? meter.signal.reason : error;
    if (reason instanceof Ended && !reason.cancelled) return true;
    const cancelled = reason instanceof Ended;
    await finish(ctx, item, {
      state: cancelled ? "cancelled" : "partial",
      error: cancelled ? "Somebody stopped it." : messageOf(reason).slice(0, 1_000),
      preserved: null,
      totals: meter.totals,
      fingerprint: key.fingerprint,
    });
  }
  return true;
}

/** Works off what was ordered, one at a time in each replica. */
export const createVaultWorker = (ctx: VaultContext): Repeating =>
  repeat("preserving evidence", 1_000, () => advanceOneItem(ctx));
