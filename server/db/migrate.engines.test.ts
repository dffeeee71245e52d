import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrateConsole } from "@/server/db/migrate";
import { queues } from "@/server/jobs/queues";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let fresh: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let running: Database;
let owner: Database;
const open = (url: string) => openDatabase({ url, label: "test", max: 2, statementTimeoutMs: 5_000 });

beforeAll(async () => {
  fresh = await freshConsoleDatabase();
  running = open(fresh.url);
  owner = open(fresh.migrateUrl);
});
afterAll(async () => {
  await running.close();
  await owner.close();
  await fresh.drop();
});

describe("the console's own database", () => {
  test("migrating again, also from several replicas at once, changes nothing", async () => {
    const before = await owner.query("SELECT name FROM migrations ORDER BY name");
    const again = () => migrateConsole({ migrateUrl: fresh.migrateUrl, runtimeUrl: fresh.url });
    await Promise.all([again(), again(), again()]);
    expect(await owner.query("SELECT name FROM migrations ORDER BY name")).toEqual(before);
    expect(before.length).toBeGreaterThanOrEqual(2);
  });

  test("the queues exist before the running role needs them", async () => {
    const rows = await running.query<{ name: string }>("SELECT name FROM pgboss.queue ORDER BY name");
    expect(rows.map((row) => row.name)).toEqual([...queues].sort());
  });

  test("the running role owns nothing, may create nothing and is no superuser", async () => {
    const [row] = await running.query(
      `SELECT (SELECT count(*)::int FROM pg_class WHERE relowner = current_user::regrole) AS owned,
        has_schema_privilege('public', 'CREATE') AS creates, has_schema_privilege('pgboss', 'CREATE') AS creates_jobs,
        has_table_privilege('migrations', 'INSERT') AS rewrites_history,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super`,
    );
    expect(row).toEqual({ owned: 0, creates: false, creates_jobs: false, rewrites_history: false, super: false });
    await expect(running.query("CREATE TABLE mine (id int)")).rejects.toThrow(/permission denied/);
    await expect(running.query("DROP TABLE people")).rejects.toThrow(/must be owner/);
  });

  test("no table lets the running role delete but the rate limiter's and the samples that are thinned, and none lets it truncate", async () => {
    const rows = await running.query<{ name: string; cut: boolean; wiped: boolean }>(
      `SELECT relname AS name, has_table_privilege(oid, 'DELETE') AS cut, has_table_privilege(oid, 'TRUNCATE') AS wiped
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`,
    );
    expect(rows.filter((row) => row.cut).map((row) => row.name)).toEqual([
      "incident_watch_samples",
      "sign_in_attempts",
    ]);
    expect(rows.filter((row) => row.wiped)).toEqual([]);
  });

  test("append-only tables refuse change even to the owner", async () => {
    const tables = await owner.query<{ name: string }>(
      `SELECT DISTINCT tgrelid::regclass::text AS name FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
       WHERE p.proname = 'refuse_change' ORDER BY 1`,
    );
    expect(tables.map((row) => row.name)).toContain("playbook_log");
    for (const { name } of tables) {
      await expect(owner.query(`TRUNCATE ${name}`)).rejects.toThrow(/append-only/);
      const [rights] = await running.query(
        "SELECT has_table_privilege($1, 'UPDATE') AS updates, has_table_privilege($1, 'INSERT') AS inserts",
        [name],
      );
      expect(rights).toEqual({ updates: false, inserts: true });
    }
  });

  test("a person's identity does not change and roles are the six known ones", async () => {
    const [person] = await running.query<{ id: string }>(
      "INSERT INTO people (username, display_name, roles, password_hash) VALUES ('ida', 'Ida', '{viewer}', 'x') RETURNING id",
    );
    await expect(running.query("UPDATE people SET id = gen_random_uuid() WHERE id = $1", [person?.id])).rejects.toThrow(
      /does not change/,
    );
    await expect(running.query("UPDATE people SET roles = '{root}' WHERE id = $1", [person?.id])).rejects.toThrow(
      /people_roles_check/,
    );
    await expect(running.query("UPDATE people SET username = 'Ida' WHERE id = $1", [person?.id])).rejects.toThrow(
      /people_username_check/,
    );
  });
});
