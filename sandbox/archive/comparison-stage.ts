import { PutObjectCommand } from "@aws-sdk/client-s3";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { startS3Server } from "@/sandbox/s3-server";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import { openArchive } from "@/server/audit/archive/open-archive";
import { getComparison, listArchiveFiles, listDifferences } from "@/server/audit/comparisons/comparison-views";
import { advanceOneComparison, type ComparisonContext } from "@/server/audit/comparisons/comparison-worker";
import { startComparison } from "@/server/audit/comparisons/start-comparison";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { readSettings } from "@/server/platform/settings";

const recorded = new URL("../fixtures/recorded-incident/before/audit_events.csv", import.meta.url);

/** The recorded incident as it was before, exported to a real S3 store. */
export async function recordedArchive() {
  const before: StoredRow[] = [];
  for await (const row of rowsOfCsv(recorded.pathname)) before.push(row);
  const server = await startS3Server("caracal-audit");
  const files = archiveOfRows(before, 100);
  for (const [Key, Body] of files) await server.s3.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body }));
  const [key = ""] = files.keys();
  const given = {
    CONSOLE_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CONSOLE_MIGRATE_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CARACAL_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CARACAL_REDIS_URL: "redis://127.0.0.1",
    AUDIT_ARCHIVE_S3_BUCKET: server.bucket,
    AUDIT_ARCHIVE_S3_ENDPOINT: server.endpoint,
  };
  return { before, key, archive: openArchive(readSettings(given)) as ArchiveSource, close: () => server.close() };
}
export type RecordedArchive = Awaited<ReturnType<typeof recordedArchive>>;

type Asked = { zoneId?: string; from?: string; to?: string };

/** Real engines, and comparisons of what is loaded into them with an archive; nothing works by itself. */
export async function comparisonStage({ archive }: Pick<RecordedArchive, "archive">) {
  const stage: KeyStage = await openKeyStage();
  const ctx = (given: Partial<ComparisonContext> = {}): ComparisonContext => ({
    db: stage.db,
    caracal: stage.caracal,
    archive,
    holder: "console:test",
    ...given,
  });
  const by = () => ({ db: stage.db, caracal: stage.caracal, archive, actor: stage.actor });
  const order = async (input: Asked = {}) => (await startComparison({ ctx: by(), input })).comparisonId;
  const view = (comparisonId: string) => getComparison({ ctx: { db: stage.db }, input: { comparisonId } });
  return {
    ...stage,
    ctx,
    by,
    order,
    view,
    load: (auditEvents: "before" | "after") =>
      loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis, auditEvents }),
    found: async (comparisonId: string) =>
      (await listDifferences({ ctx: { db: stage.db }, input: { comparisonId, limit: 100 } })).rows,
    files: async (comparisonId: string) =>
      (await listArchiveFiles({ ctx: { db: stage.db }, input: { comparisonId, limit: 100 } })).rows,
    /** Orders one and carries it out. @throws when it does not end */
    async compared(input: Asked = {}, given: Partial<ComparisonContext> = {}): Promise<string> {
      const id = await order(input);
      await advanceOneComparison(ctx(given));
      const { state, error } = await view(id);
      if (state !== "finished") throw new Error(`the comparison is ${state}: ${error}`);
      return id;
    },
  };
}
export type ComparisonStage = Awaited<ReturnType<typeof comparisonStage>>;
