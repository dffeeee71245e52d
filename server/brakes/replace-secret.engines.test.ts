import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Actor } from "@/server/auth/roles";
import { listApplications, providerTokens } from "@/server/brakes/applications";
import { replaceSecret } from "@/server/brakes/replace-secret";
import type { Deployment } from "@/server/caracal/deployment";
import { openRedis } from "@/server/caracal/redis";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { freePort } from "@/sandbox/engines/free-port";
import { freshCaracalDatabase, freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let theirs: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let owner: pg.Pool;
let consoleOwner: pg.Pool;
let db: Database;
let caracal: Deployment;
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end("{}");
const bodies: string[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    bodies.push(Buffer.concat(parts).toString());
    answer(request, response);
  });
});
const dana: Actor = { id: "11111111-1111-4111-8111-111111111111", name: "Dana", roles: ["responder"] };
const token = "an-admin-token-that-must-not-leave";

beforeAll(async () => {
  [own, theirs] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase()]);
  owner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 1 });
  consoleOwner = new pg.Pool({ connectionString: own.migrateUrl, max: 1 });
  db = openDatabase({ url: own.url, label: "console", max: 3, statementTimeoutMs: 5_000 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const redis = openRedis("redis://127.0.0.1:1");
  redis.disconnect();
  caracal = {
    name: "brakes",
    db: openDatabase({ url: theirs.url, label: "caracal", max: 3, statementTimeoutMs: 5_000 }),
    redis,
    replicas: [
      { id: "api-1", kind: "api", url: `http://127.0.0.1:${await freePort()}` }, // nobody listens there
      { id: "api-2", kind: "api", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    ],
    streamsKey: null,
    auditKey: null,
    adminToken: token,
    coordinatorToken: null,
    close: async () => undefined,
  };
  await owner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ('z', 'o', 'Payments', 'payments', '\\x00')",
  );
  await owner.query(
    "INSERT INTO applications (id, zone_id, name, credential_type) VALUES ('app-1', 'z', 'Billing', 'token'), ('app-2', 'z', 'Ledger', 'token')",
  );
  await owner.query("INSERT INTO providers (id, zone_id, name, identifier) VALUES ('p', 'z', 'Mail provider', 'mail')");
  await owner.query(
    "INSERT INTO delegated_grants (id, zone_id, application_id, user_id, resource_id, provider_id) VALUES ('g1', 'z', 'app-1', 'u1', 'r', 'p'), ('g2', 'z', 'app-1', 'u2', 'r', 'p'), ('g3', 'z', 'app-2', 'u1', 'r', 'p')",
  );
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  server.close();
  await Promise.all([db.close(), caracal.db.close(), owner.end(), consoleOwner.end()]);
  await Promise.all([own.drop(), theirs.drop()]);
});

const input = { zoneId: "z", applicationId: "app-1", incidentId: null, reason: "Secret in a public repository" };
const replace = (given: Deployment = caracal) => replaceSecret({ ctx: { db, caracal: given, actor: dana }, input });
const kinds = async () =>
  (await db.query<{ kind: string }>("SELECT kind FROM timeline_entries ORDER BY seq"))
    .map(({ kind }) => kind)
    .slice(-2);

/** Every value of every table of a database, as text. */
async function everything(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  const texts = await Promise.all(
    rows.map(async ({ name }) => JSON.stringify((await pool.query(`SELECT t::text FROM ${name} t`)).rows)),
  );
  return texts.join("\n");
}

test("the secret goes to the API and into the answer, and nowhere else", async () => {
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
  const got = await replace();
  vi.restoreAllMocks();
  if (got.kind !== "replaced") throw new Error(`not replaced: ${got.kind}`);
  expect(bodies.at(-1)).toBe(JSON.stringify({ client_secret: got.secret }));
  expect(got.secret).toHaveLength(43);
  expect(await kinds()).toEqual(["brake.secret-ordered", "brake.secret-replaced"]);
  const stored = (await everything(consoleOwner)) + (await everything(owner)) + written.join("");
  expect(stored).toContain(got.fingerprint);
  expect(stored).not.toContain(got.secret);
  expect(stored).not.toContain(token);
  const again = await replace();
  expect(again.kind === "replaced" && again.secret !== got.secret).toBe(true);
});

test("a refusal changes nothing and says so; an answer that never came is not called either", async () => {
  answer = (_request, response) => response.writeHead(404).end();
  await expect(replace()).rejects.toThrow(/refused with 404. The old secret still works/);
  expect(await kinds()).toEqual(["brake.secret-ordered", "brake.secret-failed"]);
  answer = (request) => request.socket.destroy();
  const broken = await replace().catch((error: unknown) => String(error));
  expect(broken).toMatch(/It may have: replace it again/);
  expect(broken).not.toContain(JSON.parse(bodies.at(-1) ?? "{}").client_secret);
  answer = (_request, response) => response.writeHead(500).end();
  await expect(replace()).rejects.toThrow(/may have/);
  await expect(replace({ ...caracal, replicas: caracal.replicas.slice(0, 1) })).rejects.toThrow(
    /No API replica answered/,
  );
});

test("without a token the exact call is given and nothing is done", async () => {
  const before = bodies.length;
  const got = await replace({ ...caracal, adminToken: null });
  expect(got.kind === "by-hand" && got.command).toContain("/v1/zones/z/applications/app-1");
  expect(got.kind === "by-hand" && got.command).not.toContain(token);
  expect(bodies).toHaveLength(before);
  await expect(
    replaceSecret({ ctx: { db, caracal, actor: dana }, input: { ...input, applicationId: "x" } }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("applications by name, and what providers gave out for one", async () => {
  const list = (cursor: string | null) =>
    listApplications({ ctx: { caracal }, input: { zoneId: "z", text: "", limit: 1, cursor } });
  const first = await list(null);
  const second = await list(first.nextCursor);
  expect([...first.rows, ...second.rows].map(({ name }) => name)).toEqual(["Billing", "Ledger"]);
  expect(second.nextCursor).toBeNull();
  expect(await providerTokens({ ctx: { caracal }, input: { zoneId: "z", applicationId: "app-1" } })).toEqual([
    { providerId: "p", provider: "Mail provider", grants: 2, users: 2, latestExpiry: null },
  ]);
});
