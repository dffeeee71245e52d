import type { Queryable } from "@/server/platform/postgres";
import { fail, few, type Finding, ok, warn } from "@/server/runtime/doctor/finding";
import { neededGrants, sealedColumns } from "@/server/runtime/doctor/needed-grants";

type Wanted = { table: string; privilege: string; column: string | null; purpose: string; soon: boolean };
type Asked = Wanted & { known: boolean; may: boolean };

const wanted: readonly Wanted[] = neededGrants.flatMap(({ columns, ...grant }) =>
  (columns ?? [null]).map((column) => ({ ...grant, column })),
);

/** One row per wanted privilege, in the order asked. A whole-table privilege counts also when it was given column by column. */
async function ask(db: Queryable): Promise<readonly Asked[]> {
  const rows = await db.query<{ known: boolean; may: boolean }>(
    `SELECT c.oid IS NOT NULL AND (n.col IS NULL OR a.attnum IS NOT NULL) AS known,
       coalesce(CASE WHEN n.col IS NOT NULL THEN has_column_privilege(c.oid, a.attnum, n.privilege)
         ELSE has_table_privilege(c.oid, n.privilege) OR (
           SELECT bool_and(has_column_privilege(c.oid, every.attnum, n.privilege)) FROM pg_attribute every
            WHERE every.attrelid = c.oid AND every.attnum > 0 AND NOT every.attisdropped) END, false) AS may
     FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n(tab, privilege, col, place)
     LEFT JOIN pg_class c ON c.relnamespace = 'public'::regnamespace AND c.relname = n.tab
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = n.col AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY n.place`,
    [wanted.map(({ table }) => table), wanted.map(({ privilege }) => privilege), wanted.map(({ column }) => column)],
  );
  return wanted.map((grant, index) => ({ ...grant, known: false, may: false, ...rows[index] }));
}

/** Privileges named as people write them: "UPDATE sessions (status)". */
function named(grants: readonly Asked[]): string[] {
  const columnsOf = new Map<string, string[]>();
  for (const { table, privilege, column } of grants) {
    const what = `${privilege} ${table}`;
    columnsOf.set(what, [...(columnsOf.get(what) ?? []), ...(column === null ? [] : [column])]);
  }
  return [...columnsOf].map(([what, columns]) => (columns.length === 0 ? what : `${what} (${columns.join(", ")})`));
}

type Role = { role: string; powers: string[]; owned: string[]; creates: boolean; usage: boolean; zone: string | null };

async function excessOf(db: Queryable): Promise<string[]> {
  const columnKeys = wanted.flatMap(({ table, privilege, column }) =>
    column === null || privilege === "SELECT" ? [] : [`${privilege} ${table}.${column}`],
  );
  const rows = await db.query<{ what: string }>(
    `WITH tables AS (SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'))
     SELECT p.privilege || ' ' || t.relname AS what FROM tables t, unnest(ARRAY['DELETE', 'TRUNCATE']) AS p(privilege)
      WHERE has_table_privilege(t.oid, p.privilege)
     UNION ALL
     SELECT p.privilege || ' ' || t.relname || ' (' || string_agg(a.attname, ', ' ORDER BY a.attnum) || ')'
       FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped,
            unnest(ARRAY['INSERT', 'UPDATE']) AS p(privilege)
      WHERE has_column_privilege(t.oid, a.attnum, p.privilege)
        AND NOT p.privilege || ' ' || t.relname || '.' || a.attname = ANY($1::text[])
      GROUP BY p.privilege, t.relname
     UNION ALL
     SELECT 'SELECT ' || t.relname || ' (' || a.attname || ')'
       FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE t.relname || '.' || a.attname = ANY($2::text[]) AND has_column_privilege(t.oid, a.attnum, 'SELECT')`,
    [columnKeys, sealedColumns.map(([table, column]) => `${table}.${column}`)],
  );
  return rows.map((row) => row.what);
}

/**
 * What the role may do in Caracal's Postgres against what deploy/grants.sql gives: a missing privilege that this version
 * uses fails and is named; more than needed is a warning, since the console then could harm what it is there to protect.
 */
export async function checkGrants(db: Queryable): Promise<readonly Finding[]> {
  const [role] = await db.query<Role>(
    `SELECT r.rolname AS role, has_schema_privilege('public', 'USAGE') AS usage, has_schema_privilege('public', 'CREATE') AS creates,
       nullif(current_setting('caracal.zone_id', true), '') AS zone,
       array_remove(ARRAY[CASE WHEN rolsuper THEN 'a superuser' END, CASE WHEN rolcreaterole THEN 'allowed to make roles' END,
         CASE WHEN rolreplication THEN 'allowed to replicate' END, CASE WHEN rolbypassrls THEN 'exempt from row-level security' END], NULL) AS powers,
       ARRAY(SELECT relname::text FROM pg_class WHERE relowner = r.oid AND relkind IN ('r', 'p') ORDER BY 1) AS owned
     FROM pg_roles r WHERE r.rolname = current_user`,
  );
  if (role === undefined) throw new Error("the running role is not in pg_roles");
  const findings: Finding[] = [];
  const apply = "Run deploy/grants.sql as the owner of Caracal's tables; running it again is harmless.";
  const asked = await ask(db);
  const missing = asked.filter(({ may, known, soon }) => known && !may && !soon);
  if (!role.usage)
    findings.push(fail("grants", `${role.role} may not use the schema public: it can read nothing.`, apply));
  if (missing.length > 0) {
    const purposes = [...new Set(missing.map(({ purpose }) => purpose))];
    findings.push(fail("grants", `${role.role} may not ${few(named(missing))}. So ${few(purposes, 3)}.`, apply));
  }
  const absent = asked.filter(({ known }) => !known);
  if (absent.length > 0)
    findings.push(
      warn(
        "grants",
        `This database does not have ${few([...new Set(absent.map(({ table, column }) => (column === null ? table : `${table}.${column}`)))])}.`,
        "Compare Caracal's release with the one that the console knows (the check named release).",
      ),
    );
  const later = asked.filter(({ may, known, soon }) => known && !may && soon);
  if (later.length > 0)
    findings.push(warn("grants", `${role.role} may not ${few(named(later))}; no page needs it yet.`, apply));
  if (role.zone !== null)
    findings.push(
      fail(
        "grants",
        "The setting caracal.zone_id is set for this role: it sees one zone only, and everything else would look empty.",
        `ALTER ROLE ${role.role} RESET caracal.zone_id, and take it out of CARACAL_DATABASE_URL.`,
      ),
    );
  if (findings.length === 0) findings.push(ok("grants", `${role.role} may do all that deploy/grants.sql gives.`));
  return [...findings, await checkExcess(db, role)];
}

async function checkExcess(db: Queryable, role: Role): Promise<Finding> {
  const name = "least privilege";
  const least =
    "Make the role of deploy/grants.sql and use it in CARACAL_DATABASE_URL; that file also takes back what is too much.";
  const more = [
    ...role.powers.map((power) => `is ${power}`),
    ...(role.owned.length > 0 ? [`owns ${few(role.owned, 3)}`] : []),
    ...(role.creates ? ["may create tables"] : []),
  ];
  // A superuser may do everything, so the list would only be long
  if (!role.powers.includes("a superuser") && role.owned.length === 0) {
    const excess = await excessOf(db);
    if (excess.length > 0) more.push(`may ${few(excess)}`);
  }
  if (more.length > 0) return warn(name, `${role.role} has more than it needs: it ${few(more)}.`, least);
  return ok(name, `${role.role} owns nothing, deletes nothing and changes only what a revocation changes.`);
}
