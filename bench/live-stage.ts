import { type Browser, chromium, type Page } from "@playwright/test";
import { Redis } from "ioredis";
import { browserPath } from "@/e2e/fixtures/browser-path";
import { createConsoleDatabase } from "@/sandbox/engines/databases";
import { freePort } from "@/sandbox/engines/free-port";
import { startPostgres } from "@/sandbox/engines/postgres";
import { consoleEnvironment } from "@/sandbox/supervisor/console-environment";
import { createConsoleProcess } from "@/sandbox/supervisor/console-process";
import { createDemoAccounts, demoPassword } from "@/sandbox/supervisor/demo-accounts";
import { startDeployment } from "@/sandbox/supervisor/deployment";
import { ensureBuilt, serverEntry } from "@/scripts/console-build";

export type LiveStage = {
  readonly url: string;
  readonly cookie: string; // of a viewer who signed in by the form
  readonly page: Page; // that viewer's real browser
  readonly redis: Redis; // Caracal's
  /** Starts counting what the console sends to Redis; the answer ends it and gives commands per second. */
  countCommands(): Promise<() => number>;
  close(): Promise<void>;
};

/** The sign-in page as a person uses it; gives the page it leads to and the cookie it leaves. */
async function signIn(browser: Browser, url: string): Promise<{ page: Page; cookie: string }> {
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("User name").fill("viewer");
  await page.getByLabel("Password").fill(demoPassword("viewer"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "What is wrong now" }).waitFor();
  const cookies = await context.cookies();
  return { page, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") };
}

/** MONITOR names the connection of each command, so only the console's count while all services go on with their work. */
async function openCommandCount(redis: Redis): Promise<{ start: LiveStage["countCommands"]; close(): Promise<void> }> {
  const monitor = await redis.monitor();
  monitor.on("error", () => undefined); // closing cuts it
  let sources = new Set<string>();
  let count = 0;
  monitor.on("monitor", (_time: string, _command: string[], source: string) => {
    if (sources.has(source)) count += 1;
  });
  return {
    async start() {
      const clients = String(await redis.client("LIST")).split("\n");
      const own = clients.filter((line) => / name=caracal-console /.test(line));
      sources = new Set(own.map((line) => / addr=(\S+)/.exec(line)?.[1] ?? ""));
      count = 0;
      const from = performance.now();
      return () => {
        if (count === 0) throw new Error("no connection of the console was seen at Redis");
        return count / ((performance.now() - from) / 1_000);
      };
    },
    close: async () => monitor.disconnect(),
  };
}

/** A deployment without workload, the production console attached to it, and one signed-in browser. */
export async function openLiveStage(): Promise<LiveStage> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    await ensureBuilt(() => console.log("building the console first"));
    const deployment = await startDeployment({ size: "small", workload: false });
    closing.push(deployment.dispose);
    const postgres = await startPostgres();
    closing.push(postgres.dispose);
    const database = await createConsoleDatabase(postgres.url);
    await createDemoAccounts(database.url);
    const port = await freePort();
    const server = createConsoleProcess({
      entry: serverEntry,
      port,
      environment: consoleEnvironment({ deployment, database, port }),
    });
    closing.push(server.stop);
    await server.start();

    const redis = new Redis(deployment.redis.url);
    redis.on("error", () => undefined); // a command that fails says so itself
    closing.push(async () => redis.disconnect());
    const commands = await openCommandCount(redis);
    closing.push(commands.close);
    const browser = await chromium.launch({
      executablePath: await browserPath(),
      handleSIGTERM: false, // would end the browser and leave the bench waiting for it; without, both end
      handleSIGHUP: false,
    });
    closing.push(() => browser.close());
    const signedIn = await signIn(browser, server.url);
    return { url: server.url, ...signedIn, redis, countCommands: commands.start, close };
  } catch (error) {
    await close();
    throw error;
  }
}
