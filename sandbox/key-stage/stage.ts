import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { newPerson } from "@/sandbox/new-person";
import { agreed } from "@/sandbox/agreed";
import type { CaracalDatabase, ConsoleDatabase } from "@/sandbox/engines/databases";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { kekFingerprint, packed, seal } from "@/server/caracal/keys/seal";
import { openRedis } from "@/server/caracal/redis";
import { advanceOneKeyJob } from "@/server/keys/key-worker";
import { type KeyContext, type KeyJobRow, loadKeyJob } from "@/server/keys/key-job-rows";
import { kekFromSettings } from "@/server/keys/kek-source";
import { startInventory } from "@/server/keys/start-inventory";
import { openDatabase } from "@/server/platform/postgres";

/** Key files as an operator has them: the console reads them anew each time it uses them. */
export function keyFiles(current: Buffer = randomBytes(32), next: Buffer | null = randomBytes(32)) {
  const folder = mkdtempSync(join(tmpdir(), "keks-"));
  const paths = { current: join(folder, "current"), next: join(folder, "next") };
  const put = (slot: "current" | "next", text: string, mode = 0o600) =>
    writeFileSync(paths[slot], text, { mode, flush: true });
  put("current", `${current.toString("hex")}\n`);
  if (next !== null) put("next", `${next.toString("hex")}\n`);
  return {
    folder,
    paths,
    current,
    next: next ?? Buffer.alloc(0),
    put,
    take: (slot: "current" | "next") => rmSync(paths[slot], { force: true }),
    fingerprints: { current: kekFingerprint(current), next: kekFingerprint(next ?? Buffer.alloc(0)) },
    keks: kekFromSettings({ ZONE_KEK_FILE: paths.current, ZONE_KEK_NEXT_FILE: paths.next }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Started as two people agreed on it, when nothing changed in between. Gives the job's id. */
export async function startAgreed(
  given: { readonly owner: pg.Pool; readonly db: KeyContext["db"]; readonly actor: Actor },
  action: ApprovedAction,
  parameters: unknown,
): Promise<string> {
  const stored = await agreed(given.owner, action, parameters, given.actor);
  const changed = await action.recheck(stored);
  if (changed !== null) throw new Error(changed);
  return (await given.db.transaction((tx) => action.start(tx, stored, given.actor))).replace("key-job:", "");
}

export type KeyEngines = {
  readonly own: ConsoleDatabase;
  readonly theirs: CaracalDatabase;
  readonly redis: { readonly url: string; drop(): Promise<void> };
};

/** New ones of the test run's engines. */
export async function freshEngines(): Promise<KeyEngines> {
  const fresh = await import("@/sandbox/engines/test-databases"); // of a test run only: it cannot be loaded outside one
  const [own, theirs, redis] = await Promise.all([
    fresh.freshConsoleDatabase(),
    fresh.freshCaracalDatabase(),
    fresh.freshRedis(),
  ]);
  return { own, theirs, redis };
}

/** Databases, a Redis and key files of a test's own, with what key jobs want as context. */
export async function openKeyStage(options: { readonly current?: Buffer; readonly engines?: KeyEngines } = {}) {
  const { own, theirs, redis } = options.engines ?? (await freshEngines());
  const files = keyFiles(options.current);
  const caracalOwner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 4 });
  const owner = new pg.Pool({ connectionString: own.migrateUrl, max: 2 });
  const db = openDatabase({ url: own.url, label: "The console's own Postgres", max: 6, statementTimeoutMs: 5_000 });
  const caracal: Deployment = {
    name: "keys",
    db: openDatabase({ url: theirs.url, label: "Caracal's Postgres", max: 6, statementTimeoutMs: 5_000 }),
    redis: openRedis(redis.url),
    replicas: [],
    streamsKey: randomBytes(32),
    auditKey: null,
    adminToken: null,
    coordinatorToken: null,
    close: async () => undefined,
  };
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 250; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const actor = await newPerson(db, "sol", ["security"], "Sol Security");
  const ctx: KeyContext = { db, caracal, keks: files.keks, holder: `console:${randomUUID()}` };

  const newZone = async (name = "Payments"): Promise<string> => {
    const id = randomUUID();
    await caracalOwner.query(
      "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', $2, $1, '\\x00')",
      [id, name],
    );
    return id;
  };
  return {
    ctx,
    db,
    caracal,
    files,
    actor,
    owner,
    caracalOwner,
    redis,
    urls: { console: own.url, caracal: theirs.url, caracalOwner: theirs.ownerUrl, redis: redis.url },
    newZone,
    /** Sealed values of every kind in a zone: `each` secrets, provider configurations and grants (two tokens each). */
    async fill(zoneId: string, each: number, kek: Buffer = files.current): Promise<void> {
      const rows = (make: (n: number) => unknown[]) => Array.from({ length: each }, (_, n) => make(n));
      const sealed = (text: string) => seal(kek, Buffer.from(text));
      const id = () => randomUUID();
      for (const [at, row] of rows((n) => [id(), zoneId, n]).entries()) {
        const [one, two] = [sealed(`secret ${at}`), sealed(`{"client_secret":"${at}"}`)];
        await caracalOwner.query(
          "INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce) VALUES ($1, $2, $1, 'a', 'password', $3, $4)",
          [row[0], zoneId, one.ciphertext, one.nonce],
        );
        await caracalOwner.query(
          "INSERT INTO providers (id, zone_id, name, identifier, secret_config_ct, secret_config_nonce) VALUES ($1, $2, 'p', 'p', $3, $4)",
          [id(), zoneId, two.ciphertext, two.nonce],
        );
        await caracalOwner.query(
          `INSERT INTO delegated_grants (id, zone_id, application_id, user_id, resource_id, access_token_ct, refresh_token_ct, refresh_token_version)
           VALUES ($1, $2, 'a', 'u', 'r', $3, $4, 1)`,
          [id(), zoneId, packed(sealed(`access ${at}`)), packed(sealed(`refresh ${at}`))],
        );
      }
    },
    job: (id: string): Promise<KeyJobRow> => loadKeyJob(db, id),
    /** Advances whatever is due until the job is over or, given a limit, so many slices were done. */
    async work(jobId: string, slices = 10_000, as: KeyContext = ctx): Promise<KeyJobRow> {
      for (let turn = 0; turn < slices; turn += 1) {
        const job = await loadKeyJob(db, jobId);
        if (["finished", "cancelled", "refused"].includes(job.state)) return job;
        const more = await advanceOneKeyJob(as);
        if (!more && (await loadKeyJob(db, jobId)).error !== null) return loadKeyJob(db, jobId);
      }
      return loadKeyJob(db, jobId);
    },
    async inventory(): Promise<string> {
      const { jobId } = await startInventory({ ctx: { db, actor } });
      await this.work(jobId);
      return jobId;
    },
    start: (action: ApprovedAction, parameters: unknown) => startAgreed({ owner, db, actor }, action, parameters),
    async close() {
      caracal.redis.disconnect();
      await Promise.all([db.close(), caracal.db.close(), owner.end(), caracalOwner.end()]);
      await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
      files.remove();
    },
  };
}
export type KeyStage = Awaited<ReturnType<typeof openKeyStage>>;
