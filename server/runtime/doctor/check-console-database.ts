import { readOnly } from "@/server/db/grants";
import { migrationNames } from "@/server/db/migration-names";
import { queues } from "@/server/jobs/queues";
import type { Queryable } from "@/server/platform/postgres";
import { fail, few, type Finding, ok, reasonOf, skipped, warn } from "@/server/runtime/doctor/finding";

const undefinedTable = "42P01";
const migrate = "Run npm run migrate with the settings of this console.";

type Running = {
  version: number;
  database: string;
  role: string;
  super: boolean;
  owned: string[];
  creates: boolean;
  locked: string[];
};

async function checkRunningRole(running: Queryable): Promise<{ findings: Finding[]; database: string | null }> {
  let row: Running | undefined;
  try {
    [row] = await running.query<Running>(
      `SELECT current_setting('server_version_num')::int AS version, current_database() AS database, current_user AS role,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
        has_schema_privilege('public', 'CREATE') AS creates,
        ARRAY(SELECT relname::text FROM pg_class WHERE relowner = current_user::regrole AND relkind IN ('r', 'p', 'v', 'S') ORDER BY 1) AS owned,
        ARRAY(SELECT ours.relname::text FROM pg_class history JOIN pg_class ours USING (relnamespace, relowner)
               WHERE history.relname = 'migrations' AND relnamespace = 'public'::regnamespace
                 AND ours.relkind IN ('r', 'p') AND ours.relname <> 'migrations'
                 AND NOT (has_table_privilege(ours.oid, 'SELECT')
                      AND (ours.relname = ANY ($1) OR has_table_privilege(ours.oid, 'INSERT'))) ORDER BY 1) AS locked`,
      [[...readOnly]],
    );
  } catch (error) {
    const found = `It cannot be reached with CONSOLE_DATABASE_URL: ${reasonOf(error)}`;
    const fix = "Start it, or correct CONSOLE_DATABASE_URL. Nobody can sign in without it.";
    return { findings: [fail("console database", found, fix)], database: null };
  }
  if (row === undefined) throw new Error("Postgres gave no row for a SELECT without FROM");
  const major = Math.floor(row.version / 10_000);
  const findings = [
    major >= 15
      ? ok("console database", `It answers: Postgres ${major}, as ${row.role}.`)
      : fail("console database", `It is Postgres ${major}; 15 or newer is needed.`, "Use a newer Postgres."),
  ];
  const powers = [
    ...(row.super ? ["is a superuser"] : []),
    ...(row.owned.length > 0 ? [`owns ${few(row.owned)}`] : []),
    ...(row.creates ? ["may create tables"] : []),
  ];
  const role = "console role";
  if (powers.length > 0)
    findings.push(
      warn(
        role,
        `${row.role} ${few(powers)}: the append-only logs are not safe from the console itself.`,
        "Use a plain LOGIN role of its own in CONSOLE_DATABASE_URL, then run npm run migrate: that grants what it needs.",
      ),
    );
  if (row.locked.length > 0)
    findings.push(fail(role, `${row.role} may not read and write ${few(row.locked)}.`, migrate));
  if (powers.length + row.locked.length === 0)
    findings.push(ok(role, `${row.role} owns nothing and may create nothing.`));
  return { findings, database: row.database };
}

async function checkMigrations(owner: Queryable, runningDatabase: string | null): Promise<Finding> {
  const name = "migrations";
  const shipped = await migrationNames();
  try {
    const [where] = await owner.query<{ database: string }>("SELECT current_database() AS database");
    if (runningDatabase !== null && where?.database !== runningDatabase)
      return fail(
        name,
        `CONSOLE_MIGRATE_DATABASE_URL leads to the database ${where?.database}, CONSOLE_DATABASE_URL to ${runningDatabase}.`,
        "Both must name the same database, each under its own role.",
      );
    const rows = await owner.query<{ name: string }>("SELECT name FROM migrations ORDER BY name");
    const done = new Set(rows.map((row) => row.name));
    const pending = shipped.filter((migration) => !done.has(migration));
    if (pending.length > 0) return fail(name, `Not applied yet: ${few(pending)}.`, migrate);
    const newer = [...done].filter((migration) => !shipped.includes(migration));
    if (newer.length > 0)
      return fail(
        name,
        `The database is ahead of this console: ${few(newer)}.`,
        "Start the newer version that migrated it.",
      );
    const made = await owner.query<{ name: string }>("SELECT name FROM pgboss.queue");
    const absent = queues.filter((queue) => !made.some((row) => row.name === queue));
    if (absent.length > 0) return fail(name, `The job queue ${few(absent)} does not exist.`, migrate);
    return ok(name, `All ${shipped.length} are applied, and the job queues exist.`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === undefinedTable)
      return fail(name, "The console's tables do not exist yet.", migrate);
    return fail(
      name,
      `They cannot be read with CONSOLE_MIGRATE_DATABASE_URL: ${reasonOf(error)}`,
      "Correct that setting: it must be the role that owns the console's tables.",
    );
  }
}

/** The console's own Postgres: reachable, migrated to exactly this version, and run under a role that owns nothing. */
export async function checkConsoleDatabase(ctx: {
  running: Queryable;
  owner: Queryable;
}): Promise<{ findings: readonly Finding[]; reachable: boolean }> {
  const { findings, database } = await checkRunningRole(ctx.running);
  if (database === null)
    return { findings: [...findings, skipped("migrations", "Not looked at: the database is away.")], reachable: false };
  return { findings: [...findings, await checkMigrations(ctx.owner, database)], reachable: true };
}
