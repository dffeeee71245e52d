import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { type HttpReceiver, openHttpReceiver } from "@/sandbox/receivers/http-receiver";
import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor, Role } from "@/server/auth/roles";
import type { Repeating } from "@/server/jobs/repeat";
import { createNotifier } from "@/server/notifications/notifier";
import { type Notice, queueNotice } from "@/server/notifications/queue-notice";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings, type Settings } from "@/server/platform/settings";

export type DeliveryRow = {
  readonly id: string;
  readonly tier: string;
  readonly step: number;
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly reason: string | null;
};

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
  /** An HTTP receiver that ends with the stage. */
  receiver(): Promise<HttpReceiver>;
  /** A notifier at work in this process until the stage ends or `quiet` is called. */
  notify(settings: Settings, timeoutMs?: number): void;
  quiet(): Promise<void>;
  deliveries(where?: string): Promise<DeliveryRow[]>;
  dueNow(where?: string): Promise<void>;
  entries(kind: string, chain?: string): Promise<{ chain: string; summary: string }[]>;
  /** Ends every connection of the running role, as a Postgres that restarts does. */
  cutConnections(): Promise<number>;
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
  const receivers: HttpReceiver[] = [];
  const notifiers: Repeating[] = [];
  const quiet = async () => {
    await Promise.all(notifiers.splice(0).map((one) => one.stop()));
  };
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
    async receiver() {
      const opened = await openHttpReceiver();
      receivers.push(opened);
      return opened;
    },
    notify(settings, timeoutMs = 700) {
      const one = createNotifier({ db, settings, timeoutMs });
      notifiers.push(one);
      one.start();
    },
    quiet,
    deliveries: (where = "true") =>
      owner.query(
        `SELECT id, tier, step, channel, state, attempts, reason FROM notification_deliveries
          WHERE ${where} ORDER BY tier, step, channel`,
      ),
    async dueNow(where = "true") {
      await owner.query(`UPDATE notification_deliveries SET due_at = now() WHERE state = 'waiting' AND ${where}`);
    },
    entries: (kind, chain) =>
      owner.query(
        "SELECT chain, summary FROM timeline_entries WHERE kind = $1 AND ($2::uuid IS NULL OR chain = $2) ORDER BY seq",
        [kind, chain ?? null],
      ),
    async cutConnections() {
      const admin = open(inject("engines").postgresAdminUrl);
      const cut = await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = $2",
        [new URL(database.url).pathname.slice(1), new URL(database.url).username],
      );
      await admin.close();
      return cut.length;
    },
    async close() {
      await quiet();
      await Promise.all(receivers.map((one) => one.close()));
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
