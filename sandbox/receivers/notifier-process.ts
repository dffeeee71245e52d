import { createNotifier } from "@/server/notifications/notifier";
import { openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

/** A console process of its own that does nothing but notify, for tests that kill it. Its settings come as one JSON argument. */
const settings = readSettings(JSON.parse(process.argv[2] ?? "{}") as Record<string, string>);
const db = openDatabase({
  url: settings.CONSOLE_DATABASE_URL,
  label: "The console's own Postgres",
  max: 6,
  statementTimeoutMs: 5_000,
});
createNotifier({ db, settings }).start();
