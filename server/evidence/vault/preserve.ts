import { partitionsOf } from "@/server/caracal/audit-partitions-read";
import { clockOffset, identityOf, type RowScope, withSnapshot, zoneExtents } from "@/server/caracal/evidence-snapshot";
import type { Deployment } from "@/server/caracal/deployment";
import { type SigningKey, signBytes } from "@/server/evidence/signing-key";
import type { ItemRow } from "@/server/evidence/vault/item-rows";
import {
  digestLines,
  itemReadme,
  type KeptFile,
  manifestJson,
  manifestNames,
  type SnapshotFacts,
} from "@/server/evidence/vault/manifest";
import { Ended, type Meter } from "@/server/evidence/vault/meter";
import { type Missing, type PartName, partWords } from "@/server/evidence/vault/schemas";
import {
  type Found,
  logSources,
  serviceSource,
  type Source,
  streamSources,
  tableSources,
} from "@/server/evidence/vault/sources";
import { StoreFailure, type VaultStore } from "@/server/evidence/vault/store";
import { writeFile } from "@/server/evidence/vault/write-file";
import { messageOf } from "@/server/platform/errors";

export type Preserving = {
  readonly item: ItemRow;
  readonly caracal: Deployment;
  readonly snapshotUrl: string; // Caracal's Postgres
  readonly logFolder: string | undefined;
  readonly stores: readonly VaultStore[];
  readonly key: SigningKey;
  readonly meter: Meter;
  /** Puts a time on bytes; in words what came of it, and the answer where there is one. Null: no authority is configured. */
  readonly timeStamp: (bytes: Buffer) => Promise<{ readonly words: string; readonly reply: Buffer | null } | null>;
  /** Records a file that is durable in every store. @throws RecordFailure, Ended */
  readonly kept: (file: KeptFile) => Promise<void>;
};

export type Preserved = {
  readonly whole: boolean;
  readonly missing: readonly Missing[];
  readonly snapshot: SnapshotFacts | null;
  readonly manifestSha256: string;
  readonly timeStamp: string | null;
};

/** The console's own database did not take a record: whatever is written, nothing more may be. */
export class RecordFailure extends Error {
  override readonly name = "RecordFailure";
}

/** Ends everything, as against a source that fails, which is written down as missing. */
const isFinal = (error: unknown, { signal }: Meter): boolean =>
  signal.aborted || error instanceof StoreFailure || error instanceof RecordFailure || error instanceof Ended;

async function rowScopeOf({ item }: Preserving, snapshot: Parameters<typeof partitionsOf>[0]): Promise<RowScope> {
  const { zone, from, to, partition } = item.scope;
  if (partition === null) return { zoneId: zone?.id ?? null, from, to, partition };
  const bounds = (await partitionsOf(snapshot)).find(({ name }) => name === partition);
  if (bounds === undefined) throw new Error(`there is no partition ${partition}`);
  return { zoneId: zone?.id ?? null, from: bounds.from, to: bounds.to, partition };
}

/** Writes one source to the stores and records it; in words what it lacks of what it should hold. */
async function writeSource(
  { item, stores, meter, kept }: Preserving,
  source: Source,
): Promise<{ readonly file: KeptFile; readonly lacks: string | null }> {
  const name = `${source.name}.gz`;
  const isTwin = source.name.endsWith(".jsonl") && source.part !== "streams"; // the same rows as the CSV: counted once
  const { bytes, rows, lacks } = source.open();
  const written = await writeFile({
    stores,
    item: item.id,
    name,
    source: bytes,
    progress: meter.file(name, !isTwin),
    signal: meter.signal,
  });
  if (!isTwin) meter.counted(rows() ?? 0);
  const file = { ...written, name, part: source.part, rows: rows(), source: source.from };
  await kept(file);
  return { file, lacks: lacks?.() ?? null };
}

/**
 * Writes everything that an item asks for, then its manifest, signed, the signature last. A source that fails, is not there, or lost entries while
 * it was read is said in `missing`, and the rest goes on: with Redis away the rows are preserved all the same.
 * @throws StoreFailure when a store fails; Ended; RecordFailure. What was written by then stays, without a manifest.
 */
export async function preserve(preserving: Preserving): Promise<Preserved> {
  const { item, caracal, snapshotUrl, logFolder, meter } = preserving;
  const { parts } = item.scope;
  const files: KeptFile[] = [];
  const missing: Missing[] = [];
  let whole = true;
  let snapshot: SnapshotFacts | null = null;
  const has = (part: PartName) => parts.includes(part);

  const write = async (source: Source) => {
    meter.signal.throwIfAborted();
    const { file, lacks } = await writeSource(preserving, source);
    files.push(file);
    if (lacks === null) return;
    whole = false;
    missing.push({ what: `Part of ${source.name}`, why: lacks });
  };
  const writeFound = async (found: Found) => {
    missing.push(...found.missing);
    if (found.cut) whole = false;
    for (const source of found.sources) await write(source);
  };
  const attempt = async (what: () => string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (isFinal(error, meter)) throw error;
      whole = false;
      missing.push({ what: what(), why: messageOf(error) });
    }
  };

  let scope: RowScope | null = null;
  await attempt(
    () => "What to read of Caracal's Postgres",
    async () => {
      scope = await rowScopeOf(preserving, caracal.db);
    },
  );
  const wide: RowScope = scope ?? { zoneId: item.scope.zone?.id ?? null, from: null, to: null, partition: null };
  if (has("services"))
    await attempt(
      () => partWords.services,
      async () => write(await serviceSource(caracal)),
    );
  if (has("streams"))
    await attempt(
      () => partWords.streams,
      async () => writeFound(await streamSources(caracal.redis, wide)),
    );
  let table: string = partWords.rows;
  await attempt(
    () => table,
    async () => {
      if (scope === null) throw new Error("Caracal's Postgres did not answer");
      await withSnapshot(snapshotUrl, async (session) => {
        const database = await identityOf(session);
        const clock = await clockOffset(session);
        const zones = has("rows") ? await zoneExtents(session, wide) : [];
        snapshot = { database, clock, zones };
        for (const source of tableSources(session, parts, wide)) {
          table = partWords[source.part];
          await write(source);
        }
      });
    },
  );
  if (has("logs"))
    await attempt(
      () => partWords.logs,
      async () => writeFound(await logSources(logFolder, wide)),
    );
  const closing = await writeManifest(preserving, { files, missing, whole, snapshot });
  return { whole, missing, snapshot, ...closing };
}

type Gathered = {
  readonly files: readonly KeptFile[];
  readonly missing: readonly Missing[];
  readonly whole: boolean;
  readonly snapshot: SnapshotFacts | null;
};

async function writeManifest(
  { item, caracal, stores, key, meter, timeStamp, kept }: Preserving,
  gathered: Gathered,
): Promise<{ readonly manifestSha256: string; readonly timeStamp: string | null }> {
  const facts = {
    item: item.id,
    deployment: caracal.name,
    scope: item.scope,
    orderedBy: { id: item.requested_by_id, name: item.requested_by_name },
    orderedAt: item.requested_at.toISOString(),
    startedAt: item.started_at.toISOString(),
    reason: item.reason,
    incident:
      item.incident_id === null || item.incident_number === null
        ? null
        : { id: item.incident_id, number: item.incident_number },
    ...gathered,
    protection: (
      await Promise.all(stores.map((store) => store.protection().then((said) => `${store.name}: ${said}`)))
    ).filter((line) => !line.endsWith(": null")),
    writtenAt: new Date().toISOString(),
  };
  const listed = [...gathered.files];
  const add = async (name: string, bytes: string | Buffer): Promise<KeptFile> => {
    meter.file(name, false);
    const whole = Buffer.from(bytes);
    const written = await writeFile({
      stores,
      item: item.id,
      name,
      plain: true,
      signal: meter.signal,
      source: (async function* () {
        yield whole;
      })(),
    });
    const file = { ...written, name, part: "manifest", rows: null, source: "the console" };
    await kept(file);
    return file;
  };
  listed.push(await add(manifestNames.readme, itemReadme(facts, key)));
  listed.push(await add(manifestNames.key, key.publicPem));
  listed.push(await add(manifestNames.manifest, manifestJson(facts, key)));
  const digests = digestLines(listed);
  const { sha256 } = await add(manifestNames.digests, digests);
  const stamped = await timeStamp(Buffer.from(digests));
  if (stamped?.reply != null) await add(manifestNames.timeStamp, stamped.reply);
  await add(manifestNames.signature, signBytes(key, digests));
  for (const store of stores) await store.close(item.id);
  return { manifestSha256: sha256, timeStamp: stamped?.words ?? null };
}
