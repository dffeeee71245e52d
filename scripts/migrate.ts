import { messageOf } from "@/server/platform/errors";
import { readSettings } from "@/server/platform/settings";
import { migrateConsole } from "@/server/db/migrate";

try {
  const settings = readSettings(process.env);
  await migrateConsole({
    migrateUrl: settings.CONSOLE_MIGRATE_DATABASE_URL,
    runtimeUrl: settings.CONSOLE_DATABASE_URL,
  });
  console.log("The console's database is up to date.");
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
