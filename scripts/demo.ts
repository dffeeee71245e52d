import { createConsoleDatabase } from "@/sandbox/engines/databases";
import { freePort } from "@/sandbox/engines/free-port";
import { startPostgres } from "@/sandbox/engines/postgres";
import { consoleEnvironment } from "@/sandbox/supervisor/console-environment";
import { createConsoleProcess } from "@/sandbox/supervisor/console-process";
import { runtimeSettings, startControl } from "@/sandbox/supervisor/control-server";
import { removeControlState, writeControlState } from "@/sandbox/supervisor/control-state";
import { createDemoAccounts, demoAccounts, demoPassword } from "@/sandbox/supervisor/demo-accounts";
import { mailSettings, startMailbox } from "@/sandbox/supervisor/mailbox";
import { startDeployment } from "@/sandbox/supervisor/deployment";
import { ensureBuilt, serverEntry } from "@/scripts/console-build";
import { messageOf } from "@/server/platform/errors";

type Closing = () => Promise<unknown>;

const closing: Closing[] = [];
let ending = false;

/** Ends everything in the reverse of the order in which it was started; the watchdog ends what does not listen. */
async function end(code: number): Promise<never> {
  if (!ending) {
    ending = true;
    setTimeout(() => process.exit(code), 8_000);
    for (const close of closing.reverse()) await close().catch(() => undefined);
    process.exit(code);
  }
  return new Promise(() => undefined);
}

const signIns = () =>
  demoAccounts
    .map(({ username, role }) => `  ${username.padEnd(11)} ${demoPassword(username).padEnd(25)} ${role}`)
    .join("\n");

async function demo(): Promise<void> {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  console.log("Starting Postgres, Redis and a stand-in Caracal on loopback…");
  const building = ensureBuilt(() => console.log("Building the console: its sources have changed (half a minute)…"));
  const deploying = startDeployment({ workload: true });
  building.catch(() => undefined); // waited for below, when the stand-in is up
  const consolePostgres = await startPostgres();
  closing.push(consolePostgres.dispose);
  const database = await createConsoleDatabase(consolePostgres.url);
  await createDemoAccounts(database.url);
  const deployment = await deploying;
  closing.push(deployment.dispose);
  console.log(`The stand-in runs (${seconds()}): ${deployment.services.map((service) => service.name).join(", ")}.`);

  await building;
  const mailbox = await startMailbox((mail) => console.log(`Mail to ${mail.to.join(", ")}: ${mail.subject}`));
  closing.push(mailbox.close);
  const port = Number(process.env.PORT) || (await freePort());
  const control = await startControl(deployment);
  closing.push(control.close);
  const server = createConsoleProcess({
    entry: serverEntry,
    port,
    environment: consoleEnvironment({
      deployment,
      database,
      port,
      overrides: { ...mailSettings(mailbox), ...runtimeSettings(control, deployment) },
    }),
  });
  closing.push(server.stop);
  await server.start();

  writeControlState({ url: control.url, token: control.token, pid: process.pid });
  closing.push(async () => removeControlState());

  console.log(`\nThe console answers (${seconds()}): ${server.url}\n\nSign in as\n${signIns()}\n`);
  console.log("Break something: npm run drill. Ctrl-C ends everything.");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));
try {
  await demo();
} catch (error) {
  if (!ending) console.error(messageOf(error));
  await end(1);
}
