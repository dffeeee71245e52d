import { randomUUID } from "node:crypto";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor, Role } from "@/server/auth/roles";
import { type Notice, queueNotice } from "@/server/notifications/queue-notice";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings, type Settings } from "@/server/platform/settings";

export type NotifierStage = {
  readonly url: string;
  readonly db: Database; // as the running role
  readonly owner: Database;
  settings(channels: readonly object[], allow?: readonly string[]): Settings;
  environment(channels: readonly object[], allow?: readonly string[]): Readonly<Record<string, string>>;
  person(role: Role): Promise<Actor>;
  incident(changes?: {
    severity?: string;
    restricted?: boolean;
    title?: string;
  }): Promise<{ id: string; number: number }>;
  notice(incidentId: string | null, changes?: Partial<Notice>): Promise<void>;
  close(): Promise<void>;
};

/** A console database with incidents and notices to tell of, and settings made from the environment as the console reads it. */
export async function openNotifierStage(): Promise<NotifierStage> {
  const database = await freshConsoleDatabase();
  const open = (url: string) =>
    openDatabase({ url, label: "The console's own Postgres", max: 10, statementTimeoutMs: 5_000 });
  const db = open(database.url);
  const owner = open(database.migrateUrl);
  const environment = (channels: readonly object[], allow: readonly string[] = ["127.0.0.1"]) => ({
    CONSOLE_DATABASE_URL: database.url,
    CONSOLE_MIGRATE_DATABASE_URL: database.migrateUrl,
    CARACAL_DATABASE_URL: database.url,
    CARACAL_REDIS_URL: "redis://127.0.0.1:1",
    AUTH_URL: "https://console.example",
    AUTH_SECRET: "s".repeat(32),
    ALERTMANAGER_TOKEN: "alertmanager-token",
    NOTIFY_CHANNELS: JSON.stringify(channels),
    NOTIFY_ALLOW_HOSTS: allow.join(","),
  });
  return {
    url: database.url,
    db,
    owner,
    environment,
    settings: (channels, allow) => readSettings(environment(channels, allow)),
    async person(role) {
      const username = `${role}-${randomUUID().slice(0, 8)}`;
      await createLocalAccount({
        db: owner,
        username,
        displayName: `The ${role}`,
        roles: [role],
        password: `long-enough-${username}`,
      });
      const [row] = await db.query<{ id: string }>("SELECT id FROM people WHERE username = $1", [username]);
      return { id: row?.id ?? "", name: `The ${role}`, roles: [role] };
    },
    async incident({ severity = "P1", restricted = false, title = "Mandates minted for nobody" } = {}) {
      const [row] = await db.query<{ id: string; number: string }>(
        `INSERT INTO incidents (id, title, severity, restricted, origin, declared_by_name)
         VALUES ($1, $2, $3, $4, 'by-hand', 'Dana') RETURNING id, number`,
        [randomUUID(), title, severity, restricted],
      );
      return { id: row?.id ?? "", number: Number(row?.number) };
    },
    notice: (incidentId, changes = {}) =>
      queueNotice(db, {
        key: randomUUID(),
        kind: "incident-declared",
        incidentId,
        severity: "P1",
        sentence: "Mandates are minted for nobody",
        path: incidentId === null ? "/" : `/incidents/${incidentId}`,
        ...changes,
      }),
    async close() {
      await Promise.all([db.close(), owner.close()]);
      await database.drop();
    },
  };
}

/** Asks again until the answer holds; fails with what it last was. */
export async function eventually<T>(ask: () => Promise<T> | T, holds: (answer: T) => boolean, ms = 15_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > end) throw new Error(`it did not come to that: ${JSON.stringify(answer).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
