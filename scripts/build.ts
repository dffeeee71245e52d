import { ensureBuilt } from "@/scripts/console-build";
import { messageOf } from "@/server/platform/errors";

try {
  await ensureBuilt(() => console.log("Building the console…"));
  console.log("The console is built.");
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
