import { readFileSync } from "node:fs";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { signIn } from "@/e2e/fixtures/stand";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { freePort } from "@/sandbox/engines/free-port";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { createConsoleProcess } from "@/sandbox/supervisor/console-process";
import { createDemoAccounts, demoPassword } from "@/sandbox/supervisor/demo-accounts";
import { ensureBuilt, serverEntry } from "@/scripts/console-build";
import { findingWords } from "@/components/audit/check-words";
import type { FindingKind } from "@/server/audit/verify/judge-row";

type Change = { readonly chain_seq: number; readonly event_id: string; readonly kind: FindingKind };
const recorded = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`../sandbox/fixtures/recorded-incident/${file}`, import.meta.url), "utf8")) as T;
const { changes } = recorded<{ changes: readonly Change[] }>("changes.json");
const keys = recorded<{ AUDIT_HMAC_KEY: string; STREAMS_HMAC_KEY: string }>("keys.json");
const nobody = "http://127.0.0.1:9"; // of the recording there are data, no services

/** A console of its own on the recorded incident as it was left, in real Postgres and Redis. */
async function openRecording(browser: Browser): Promise<{ page: Page; close(): Promise<void> }> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    await ensureBuilt(() => undefined);
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    closing.push(postgres.dispose, redis.dispose);
    const [own, caracal] = [await createConsoleDatabase(postgres.url), await createCaracalDatabase(postgres.url)];
    await loadRecordedIncident({ ownerUrl: caracal.ownerUrl, redisUrl: redis.url, auditEvents: "after" });
    await createDemoAccounts(own.url);
    const port = await freePort();
    const server = createConsoleProcess({
      entry: serverEntry,
      port,
      environment: {
        CONSOLE_DATABASE_URL: own.url,
        CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
        CARACAL_DATABASE_URL: caracal.url,
        CARACAL_REDIS_URL: redis.url,
        CARACAL_STS_URLS: nobody,
        CARACAL_GATEWAY_URLS: nobody,
        CARACAL_API_URLS: nobody,
        CARACAL_AUDIT_URLS: nobody,
        CARACAL_COORDINATOR_URLS: nobody,
        ...keys,
        AUTH_URL: `http://127.0.0.1:${port}`,
        LOG_LEVEL: "warn",
      },
    });
    closing.push(server.stop);
    await server.start();
    const context = await browser.newContext({ baseURL: server.url });
    closing.push(() => context.close());
    const page = await context.newPage();
    await signIn(page, "security", demoPassword("security"));
    await expect(page.getByRole("heading", { name: "What is wrong now" })).toBeVisible();
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}

test("the recorded incident: a check names exactly the twelve changes; of its dead letters none may go back", async ({
  browser,
}) => {
  test.setTimeout(180_000);
  const { page, close } = await openRecording(browser);
  try {
    await test.step("the changes, one line each, in the order of the chain", async () => {
      await page.goto("/audit/checks");
      await page.getByRole("button", { name: "Check every zone" }).click();
      await expect(page.getByText("finished", { exact: true })).toBeVisible({ timeout: 60_000 });
      const lines = page.getByRole("region", { name: "Findings" }).getByRole("row");
      await expect(lines).toHaveCount(changes.length + 1);
      for (const [at, { chain_seq: seq, event_id: event, kind }] of changes.entries()) {
        const line = lines.nth(at + 1);
        await expect(line.getByRole("cell", { name: String(seq), exact: true })).toBeVisible();
        await expect(line).toContainText(findingWords[kind]);
        await expect(line.getByTitle(event)).toBeVisible();
      }
      const zones = page.getByRole("region", { name: "Zone by zone" });
      await expect(zones.getByRole("row", { name: /seq 47: columns changed/ })).toBeVisible(); // read once more at the end
    });

    await test.step("the dead letters, by class: 8 signals, 5 bad signatures, 1 conflict, 2 unreadable, 1 refused", async () => {
      await page.goto("/streams/caracal.audit.events.dlq");
      await page.getByRole("button", { name: "List and classify" }).click();
      await expect(page.locator("h1")).toContainText("ready, nothing moved yet", { timeout: 60_000 });
      const rows = page.getByRole("region", { name: "Dead letters by class and cause" }).getByRole("row");
      await expect(rows).toHaveCount(7);
      const told = await Promise.all((await rows.all()).slice(1).map((row) => row.getByRole("cell").allTextContents()));
      expect(told.map(([kind, cause, count]) => `${count} ${kind}, ${cause}`)).toEqual([
        "8 Security signals, hmac_verify_failed",
        "1 Conflicts, tamper_on_replay",
        "5 Bad signatures, hmac_verify_failed",
        "1 Unreadable, json_parse_error",
        "1 Unreadable, missing_data_field",
        "1 Refused by Postgres, pg_permanent_error",
      ]);
      for (const [, , , happens] of told) expect(happens).toMatch(/^Stay/);
      await expect(page.getByRole("group", { name: "What goes" })).toHaveCount(0);
    });
  } finally {
    await close();
  }
});
