import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpReceiver } from "@/sandbox/receivers/http-receiver";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { planNotices } from "@/server/notifications/plan-notices";

const script = fileURLToPath(new URL("../../sandbox/receivers/notifier-process.ts", import.meta.url));
const notices = 25;
let stage: NotifierStage;
let receiver: HttpReceiver;
let children: ChildProcess[] = [];

beforeEach(async () => {
  stage = await openNotifierStage();
  receiver = await stage.receiver();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await stage.close();
});

const channels = () => [
  { name: "hook", kind: "webhook", url: receiver.url, secret: "a-secret-for-tests" },
  { name: "slack", kind: "slack", url: receiver.url },
];
function child(): ChildProcess {
  const started = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(stage.environment(channels()))], {
    stdio: "ignore",
  });
  children.push(started);
  return started;
}
async function arrange(): Promise<void> {
  for (let at = 0; at < notices; at++) await stage.notice((await stage.incident()).id, { tags: ["tamper"] });
}
const count = async (sql: string): Promise<number> =>
  Number((await stage.owner.query<{ count: string }>(sql))[0]?.count ?? 0);

describe("exactly once per tier and step", () => {
  it("however many planners plan at once", async () => {
    await arrange();
    const settings = stage.settings(channels());
    await Promise.all(Array.from({ length: 4 }, () => planNotices({ db: stage.db, settings })));
    // on-call: 2 steps and 3 repeats; security: 2 steps and 2 repeats; each over two channels
    expect(await count("SELECT count(*) FROM notification_deliveries")).toBe(notices * (5 + 4) * 2);
    expect(await count("SELECT count(*) FROM notices WHERE planned_at IS NULL")).toBe(0);
  });

  it("with two replicas at work and one of them killed in the middle; what was under way is repeated under its key", async () => {
    await arrange();
    receiver.behave({ kind: "slow", ms: 400 });
    const doomed = child();
    const first = receiver.received;
    await eventually(
      () => first,
      (list) => list.length >= 6,
      30_000,
    );
    doomed.kill("SIGKILL");
    await once(doomed, "exit");
    const orphans = await eventually(
      () => stage.owner.query<{ id: string }>("SELECT id FROM notification_deliveries WHERE state = 'sending'"),
      (rows) => rows.length > 0,
    );
    receiver.behave({ kind: "answer", status: 202 });
    await stage.owner.query("UPDATE notification_deliveries SET lease_until = now() WHERE state = 'sending'");
    for (let replica = 0; replica < 2; replica++) stage.notify(stage.settings(channels()), 5_000);
    const wanted = notices * 2 * 2; // first step of two tiers over two channels
    await eventually(
      () => count("SELECT count(*) FROM notification_deliveries WHERE step = 1 AND state = 'sent'"),
      (sent) => sent === wanted,
      30_000,
    );
    await stage.quiet(); // whatever was still under way has ended
    const byKey = new Map<string, number>();
    for (const { headers } of receiver.received) {
      const key = String(headers["idempotency-key"] ?? "slack");
      byKey.set(key, (byKey.get(key) ?? 0) + 1);
    }
    const slack = byKey.get("slack") ?? 0;
    byKey.delete("slack");
    expect(byKey.size).toBe(wanted / 2);
    const twice = [...byKey].filter(([, times]) => times > 1).map(([key]) => key);
    const orphaned = new Set(orphans.map(({ id }) => id));
    expect(twice.filter((key) => !orphaned.has(key))).toEqual([]);
    expect(Math.max(...byKey.values())).toBeLessThanOrEqual(2);
    expect(slack - wanted / 2).toBeLessThanOrEqual(orphaned.size);
    const entries = await stage.owner.query<{ id: string }>(
      "SELECT details->'refs'->>'notification' AS id FROM timeline_entries WHERE kind = 'notification.sent'",
    );
    expect(entries).toHaveLength(wanted);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(wanted);
  });

  it("with the console's own Postgres away for a moment", async () => {
    await arrange();
    receiver.behave({ kind: "slow", ms: 200 });
    stage.notify(stage.settings(channels()), 5_000);
    await eventually(
      () => receiver.received,
      (list) => list.length >= 6,
    );
    expect(await stage.cutConnections()).toBeGreaterThan(0);
    const wanted = notices * 2 * 2;
    await eventually(
      () => count("SELECT count(*) FROM notification_deliveries WHERE step = 1 AND state = 'sent'"),
      (sent) => sent === wanted,
      30_000,
    );
    expect(await count("SELECT count(*) FROM timeline_entries WHERE kind = 'notification.sent'")).toBe(wanted);
  });
});
