import type { Redis } from "ioredis";
import type { Deployment } from "@/server/caracal/deployment";
import { copyStatement, evidenceQueries, type RowScope, type Snapshot } from "@/server/caracal/evidence-snapshot";
import {
  ingestedTest,
  inScope,
  isAuditStream,
  type StreamExtent,
  streamExtents,
  WalkCount,
  walkUpTo,
} from "@/server/caracal/evidence-streams";
import { rawAnswers } from "@/server/caracal/services/raw-answers";
import { expectedStreams } from "@/server/caracal/streams/expected-streams";
import { logFiles, readLog } from "@/server/evidence/vault/postgres-logs";
import { type Missing, type PartName, partWords } from "@/server/evidence/vault/schemas";

/** One file to be written: what it is, and its bytes once. */
export type Source = {
  readonly part: PartName;
  readonly name: string; // without .gz
  readonly from: string; // the query or command
  /** `lacks`: once it was read, in words what it does not hold of what it should. */
  open(): { readonly bytes: AsyncIterable<Buffer>; rows(): number | null; lacks?(): string | null };
};

/** What is to be written of a part, and what is not there; `cut` when that leaves a gap in what was asked for. */
export type Found = {
  readonly sources: readonly Source[];
  readonly missing: readonly Missing[];
  readonly cut: boolean;
};

const text = async function* (whole: string): AsyncGenerator<Buffer> {
  yield Buffer.from(whole);
};

/** What every replica answers at this moment. */
export async function serviceSource(caracal: Deployment): Promise<Source> {
  const answers = await rawAnswers(caracal);
  return {
    part: "services",
    name: "services.json",
    from: "GET /health, /ready and /metrics of every replica",
    open: () => ({
      bytes: text(`${JSON.stringify(answers, null, 1)}\n`),
      rows: () => Object.keys(answers).length,
    }),
  };
}

/** Streams of the contract that are not there, or are empty and were not always. Caracal never empties its audit stream. Pure. */
export function absentStreams(extents: readonly StreamExtent[]): Pick<Found, "missing" | "cut"> {
  const missing: Missing[] = [];
  let cut = false;
  for (const { name } of expectedStreams) {
    const extent = extents.find(({ stream }) => stream === name);
    if (extent === undefined) {
      missing.push({ what: name, why: "Redis has no such stream: it was deleted, or never made" });
      cut = true;
    } else if (extent.entries === 0 && isAuditStream(name)) {
      missing.push({ what: name, why: "it is empty: no row has a signed original to be held against" });
      cut = true;
    } else if (extent.entries === 0 && extent.last !== "0-0")
      missing.push({ what: name, why: `it is empty, and held entries once: the last was ${extent.last}` });
  }
  return { missing, cut };
}

/**
 * Every stream up to its last entry as of now, an entry a line, and which of the contract's are not there. Of the audit stream the entries of
 * the scope: those that were ingested, whose rows the later snapshot has, and apart from them those that were still waiting.
 */
export async function streamSources(redis: Redis, scope: RowScope): Promise<Found> {
  const ingested = await ingestedTest(redis); // before the extents: what it calls ingested is in them
  const extents = await streamExtents(redis);
  const sources = extents.flatMap((extent): Source[] => {
    const source = (
      name: string,
      wanted: (entry: { id: string; fields: Record<string, string> }) => boolean,
      what = "",
    ) => ({
      part: "streams" as const,
      name,
      from: `XRANGE ${extent.stream} - ${extent.last}${what}`,
      open() {
        let rows = 0;
        const walked = new WalkCount(extent);
        const lines = async function* () {
          for await (const entry of walkUpTo(redis, extent)) {
            walked.take(entry);
            if (!wanted(entry)) continue;
            rows += 1;
            yield Buffer.from(`${JSON.stringify({ id: entry.id, fields: entry.fields })}\n`);
          }
        };
        return { bytes: lines(), rows: () => rows, lacks: () => walked.lacks() };
      },
    });
    if (!isAuditStream(extent.stream)) return [source(`${extent.stream}.jsonl`, () => true)];
    const whose = scope.zoneId === null ? "" : `, of zone ${scope.zoneId}`;
    return [
      source(
        `${extent.stream}.jsonl`,
        (entry) => ingested(entry.id) && inScope(entry, scope),
        `${whose}, ingested when it was read`,
      ),
      source(
        `${extent.stream}.waiting.jsonl`,
        (entry) => !ingested(entry.id) && inScope(entry, scope),
        `${whose}, not yet ingested when it was read`,
      ),
    ];
  });
  return { sources, ...absentStreams(extents) };
}

const tableParts = ["rows", "alerts", "outbox", "admin"] as const;

/** The tables among the parts, each as CSV with a header and as JSON lines, out of one snapshot. */
export const tableSources = (snapshot: Snapshot, parts: readonly PartName[], scope: RowScope): Source[] =>
  tableParts
    .filter((part) => parts.includes(part))
    .flatMap((part) =>
      (["csv", "jsonl"] as const).map((format): Source => {
        const { table, select } = evidenceQueries[part];
        const statement = copyStatement(select(scope), format);
        return {
          part,
          name: `${table}.${format}`,
          from: statement,
          open() {
            const { source, rows } = snapshot.copy(statement);
            return { bytes: source, rows };
          },
        };
      }),
    );

/** Postgres's own logs, or why they are not there. */
export async function logSources(folder: string | undefined, scope: RowScope): Promise<Found> {
  const { files, why, cut } = await logFiles(folder, scope.from);
  return {
    sources: files.map((file) => ({
      part: "logs",
      name: `postgres-logs.${file.name}`,
      from: `the first ${file.size} bytes of ${file.name} in POSTGRES_LOG_FOLDER`,
      open: () => ({ bytes: readLog(file), rows: () => null }),
    })),
    missing: why === null ? [] : [{ what: partWords.logs, why }],
    cut,
  };
}
