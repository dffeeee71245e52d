import type { ClientBase } from "pg";

/** Tables whose rows the running role may also delete; everything else is kept. */
const deletable = new Set(["sign_in_attempts", "incident_watch_samples"]);
/** Tables that only the owner's triggers write; the running role reads them. */
export const readOnly: ReadonlySet<string> = new Set(["timeline_heads"]);

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

type TableRow = { name: string; append_only: boolean; is_view: boolean };

/**
 * What the running role may do, from nothing up: read views; read and insert everywhere else, update where no trigger refuses it, delete
 * only what `deletable` names; in the job queue's schema, rows but no DDL. It owns nothing and may create nothing.
 */
export async function grantRunningRole(client: ClientBase, role: string): Promise<void> {
  const known = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
  if (known.rowCount === 0)
    throw new Error(
      `The role ${role} of CONSOLE_DATABASE_URL does not exist. Create it with LOGIN, then migrate again.`,
    );
  const to = identifier(role);
  const tables = await client.query<TableRow>(
    `SELECT c.relname AS name, c.relkind = 'v' AS is_view, EXISTS (
       SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
       WHERE t.tgrelid = c.oid AND p.proname = 'refuse_change') AS append_only
     FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
       AND c.relname <> 'migrations' AND pg_has_role(c.relowner, 'USAGE')`,
  );
  const [database] = (await client.query<{ name: string }>("SELECT current_database() AS name")).rows;
  const statements = [
    `GRANT CONNECT ON DATABASE ${identifier(database?.name ?? "")} TO ${to}`,
    `GRANT USAGE ON SCHEMA public, pgboss TO ${to}`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA public, pgboss FROM ${to}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgboss TO ${to}`,
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgboss FROM PUBLIC",
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${to}`,
    ...tables.rows.map(({ name, append_only, is_view }) => {
      if (is_view || readOnly.has(name)) return `GRANT SELECT ON public.${identifier(name)} TO ${to}`;
      const rights = ["SELECT", "INSERT"];
      if (!append_only) rights.push("UPDATE");
      if (deletable.has(name)) rights.push("DELETE");
      return `GRANT ${rights.join(", ")} ON public.${identifier(name)} TO ${to}`;
    }),
  ];
  for (const statement of statements) await client.query(statement);
}
