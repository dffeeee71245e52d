import { parseArgs } from "node:util";
import { removeExpired, retentionView, shortestKeep } from "@/server/evidence/vault/retention";
import { openStores } from "@/server/evidence/vault/stores";
import { messageOf } from "@/server/platform/errors";
import { openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

const help = `Says what EVIDENCE_RETENTION_FILE would remove from the evidence vault, and removes it when told to.

  npm run evidence-retention               lists, changes nothing
  npm run evidence-retention -- --remove   removes what is past the policy and held by no open incident

Each removal goes on the item's custody log and on the record. The console itself removes nothing.
With a policy that is not understood everything is kept, and it ends with 2.`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { remove: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help === true) return console.log(help);
  const settings = readSettings(process.env);
  const db = openDatabase({
    url: settings.CONSOLE_DATABASE_URL,
    label: "The console's Postgres",
    max: 2,
    statementTimeoutMs: 10_000,
  });
  const path = settings.EVIDENCE_RETENTION_FILE;
  try {
    const { configured, problem, expired } = await retentionView(db, path, "operator");
    if (problem !== null) {
      console.error(`The policy is not understood, so everything is kept: ${problem}`);
      process.exitCode = 2;
      return;
    }
    if (!configured) return console.log("EVIDENCE_RETENTION_FILE is not set: everything is kept.");
    if (expired.length === 0) return console.log("Nothing is past the policy.");
    if (values.remove === true) {
      const stores = openStores(settings, () => shortestKeep(path));
      for await (const { item, outcome } of removeExpired(db, stores, path))
        console.log(`${item.id}  ${item.endedAt}  ${item.what}: ${outcome}`);
      return;
    }
    for (const { id, endedAt, what, heldBy } of expired)
      console.log(`${id}  ${endedAt}  ${what}: ${heldBy === null ? "would be removed" : `kept: ${heldBy} is open`}`);
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
