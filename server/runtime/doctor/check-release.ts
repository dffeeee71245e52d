import type { Queryable } from "@/server/platform/postgres";
import { fail, few, type Finding, ok, reasonOf, skipped } from "@/server/runtime/doctor/finding";

const name = "release";
const tables = [
  "zones",
  "sessions",
  "agent_sessions",
  "secrets",
  "providers",
  "delegated_grants",
  "event_outbox",
  "caracal_outbox",
  "audit_events",
  "audit_ingest_alerts",
  "audit_export_watermark",
] as const;

type Marks = { version: number; present: string[]; authority: boolean; sentinel: boolean; ciphertext: boolean };
export type CaracalReading = { readonly findings: readonly Finding[]; readonly state: "away" | "unknown" | "known" };

function judge({ present, authority, sentinel, ciphertext }: Marks): Finding {
  const wait = "Stay with a release of May 2026 (v2026.05.12 to .14), or wait for a console that knows this one.";
  if (authority)
    return fail(
      name,
      "It is Caracal v0.1 to v1 (authority_records): this console does not know that release yet.",
      wait,
    );
  const absent = tables.filter((table) => !present.includes(table));
  if (absent.length > 0)
    return fail(
      name,
      `This is no Caracal database that the console knows: ${few(absent)} not there.`,
      "Check that CARACAL_DATABASE_URL names Caracal's own database.",
    );
  if (sentinel)
    return fail(
      name,
      "It is a release of late May to July 2026 (its row-level security knows *): this console does not know that release yet.",
      wait,
    );
  if (!ciphertext)
    return fail(name, "secrets has no column ciphertext: this console does not know that release yet.", wait);
  return ok(name, "Its tables are those of v2026.05.12 to .14, which this console knows.");
}

/** Caracal's Postgres, and its release told by what it has, never by a version text (a table or policy cannot lie). */
export async function checkCaracalDatabase(db: Queryable): Promise<CaracalReading> {
  let marks: Marks | undefined;
  try {
    [marks] = await db.query<Marks>(
      `SELECT current_setting('server_version_num')::int AS version,
         ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY($1::text[])) AS present,
         EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = 'authority_records') AS authority,
         EXISTS (SELECT 1 FROM pg_policies WHERE policyname = 'zone_isolation' AND qual LIKE '%''*''%') AS sentinel,
         EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                  WHERE c.relnamespace = 'public'::regnamespace AND c.relname = 'secrets' AND a.attname = 'ciphertext') AS ciphertext`,
      [[...tables]],
    );
  } catch (error) {
    const found = `It cannot be reached with CARACAL_DATABASE_URL: ${reasonOf(error)}`;
    const fix = "Start it, or correct CARACAL_DATABASE_URL.";
    return {
      findings: [fail("caracal database", found, fix), skipped(name, "Not looked at: Caracal's Postgres is away.")],
      state: "away",
    };
  }
  if (marks === undefined) throw new Error("Postgres gave no row for a SELECT without FROM");
  const release = judge(marks);
  const answers = ok("caracal database", `It answers: Postgres ${Math.floor(marks.version / 10_000)}.`);
  return { findings: [answers, release], state: release.status === "ok" ? "known" : "unknown" };
}
