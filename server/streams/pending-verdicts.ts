import { readStreamCopy, type StreamCopy } from "@/server/audit/verify/stream-copy";
import { microsecondsOf, nanosecondsOf } from "@/server/audit/verify/stored-row";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import type { RawEntry, RawPending } from "@/server/caracal/streams/entries";
import { auditStream, readerOf, revocationStream } from "@/server/caracal/streams/expected-streams";
import { pipelined } from "@/server/caracal/streams/redis-pipeline";
import { messageOf } from "@/server/platform/errors";
import type { PendingVerdict } from "@/server/streams/schemas";

type Ctx = { readonly caracal: Pick<Deployment, "db" | "redis"> };
type Asked = { readonly stream: string; readonly group: string };
type Pending = Pick<RawPending, "id">;

const bounds = { timeoutMs: 2_000, narrow: "Look at fewer entries." };
const resourceGroup = "resource-revocation";

const gone: PendingVerdict = {
  kind: "gone",
  sentence: "Trimmed while it was pending: what it said is lost, and nobody can apply it.",
  proved: false,
};
const unknown = (sentence: string): PendingVerdict => ({ kind: "unknown", sentence, proved: false });

/**
 * What Postgres says of pending entries: an audit event recorded, recorded otherwise or missing; a revocation's session revoked or not.
 * `proved` only where that is the very effect which this group's consumers would have: acknowledging it then loses nothing. Streams of
 * which Postgres knows nothing give no verdict; a source that does not answer gives "unknown", never "missing". At most 100 entries.
 */
export async function pendingVerdicts(
  ctx: Ctx,
  asked: Asked,
  pending: readonly Pending[],
  entries: ReadonlyMap<string, RawEntry>,
): Promise<ReadonlyMap<string, PendingVerdict>> {
  const verdicts = new Map<string, PendingVerdict>();
  for (const { id } of pending) if (!entries.has(id)) verdicts.set(id, gone);
  const judge =
    asked.stream === auditStream ? judgeEvents : asked.stream === revocationStream ? judgeRevocations : null;
  if (judge === null || entries.size === 0) return verdicts;
  const there = pending.flatMap(({ id }) => entries.get(id) ?? []);
  try {
    for (const [id, verdict] of await judge(ctx, asked.group, there)) verdicts.set(id, verdict);
  } catch (error) {
    for (const { id } of there) verdicts.set(id, unknown(messageOf(error)));
  }
  return verdicts;
}

const iso = (copy: StreamCopy): string | null => {
  const nanoseconds = nanosecondsOf(copy.columns.occurred_at);
  if (nanoseconds === null) return null;
  const micros = microsecondsOf(nanoseconds); // stored truncated: rounding would look for another row (trap 8)
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - rest) / 1_000n)).toISOString().slice(0, -5);
  return `${seconds}.${rest.toString().padStart(6, "0")}Z`;
};

async function judgeEvents({ caracal }: Ctx, group: string, entries: readonly RawEntry[]) {
  const copies = entries.map((entry) => readStreamCopy(entry.fields.data ?? "", entry.fields.sig ?? ""));
  const keyed = copies.flatMap((copy, at) => {
    const time = copy === null ? null : iso(copy);
    return copy === null || time === null ? [] : [{ at, id: copy.columns.id, time }];
  });
  const rows = await boundedRead(caracal.db, bounds, (tx) =>
    tx.query<{ n: number; hash: string | null }>(
      `SELECT k.n::int AS n, a.content_sha256 AS hash
         FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS k (id, at, n)
         JOIN audit_events a ON a.id = k.id AND a.occurred_at = k.at`,
      [keyed.map(({ id }) => id), keyed.map(({ time }) => time)],
    ),
  );
  const stored = new Map(rows.map(({ n, hash }) => [keyed[n - 1]?.at, hash]));
  const ingests = readerOf(group) === "audit";
  return entries.map(({ id }, at): [string, PendingVerdict] => {
    const copy = copies[at] ?? null;
    if (copy === null)
      return [id, unknown("No event that ingestion could read: it goes to the dead letters when it is taken up.")];
    if (!stored.has(at))
      return [
        id,
        { kind: "missing", sentence: "Not in audit_events: pending, and still to be recorded.", proved: false },
      ];
    if (stored.get(at) !== copy.content)
      return [
        id,
        {
          kind: "conflict",
          sentence: "audit_events holds other content under this id and time: evidence of tampering, not noise.",
          proved: false,
        },
      ];
    return [
      id,
      {
        kind: "recorded",
        sentence: ingests
          ? "In audit_events with the same content: only its acknowledgement is missing."
          : "In audit_events with the same content; whether this group has done its own part cannot be told.",
        proved: ingests,
      },
    ];
  });
}

type SessionRow = { readonly id: string; readonly status: string; readonly live: boolean };

async function judgeRevocations({ caracal }: Ctx, group: string, entries: readonly RawEntry[]) {
  const sids = [...new Set(entries.flatMap(({ fields }) => fields.session_id || []))];
  const rows = await boundedRead(caracal.db, bounds, (tx) =>
    tx.query<SessionRow>(
      "SELECT id, status, status = 'active' AND expires_at > now() AS live FROM sessions WHERE id = ANY ($1)",
      [sids],
    ),
  );
  const sessions = new Map(rows.map((row) => [row.id, row]));
  const known = group === resourceGroup ? await revokedAtResources(caracal, sids) : null;
  return entries.map(({ id, fields }): [string, PendingVerdict] => {
    const sid = fields.session_id || null;
    if (sid === null) return [id, unknown("It names no session: there is nothing that could be applied.")];
    return [id, revocationVerdict(group, sessions.get(sid) ?? null, known?.has(sid) ?? null)];
  });
}

function revocationVerdict(group: string, session: SessionRow | null, atResources: boolean | null): PendingVerdict {
  if (session === null)
    return unknown("No such session in Postgres: there is nothing to revoke, or its row was removed.");
  if (session.live)
    return {
      kind: "not-applied",
      sentence: "Its session is still active: revoke it before anything else.",
      proved: false,
    };
  const state = session.status === "revoked" ? "Its session is revoked in Postgres" : "Its session has expired";
  if (atResources === false && session.status === "revoked")
    return {
      kind: "not-applied",
      sentence: `${state}, but resource servers do not hold its key: per-call mandates pass there until they expire.`,
      proved: false,
    };
  const reader = readerOf(group);
  if (reader === null && atResources === null)
    return {
      kind: "applied",
      sentence: `${state}; what this group does with it cannot be seen from here.`,
      proved: false,
    };
  const open = reader === "gateway" ? " Responses already open at a gateway may run on for 60 s at most." : "";
  return { kind: "applied", sentence: `${state}: no STS mints for it.${open}`, proved: true };
}

async function revokedAtResources(caracal: Pick<Deployment, "redis">, sids: readonly string[]): Promise<Set<string>> {
  const commands = sids.map((sid) => ["EXISTS", `caracal:revoked:sessions:${sid}`] as const);
  const replies = await pipelined(caracal.redis, commands, () => undefined);
  return new Set(sids.filter((_, at) => replies[at]?.ok === true && Number(replies[at].value) === 1));
}
