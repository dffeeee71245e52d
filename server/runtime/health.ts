import { getConsole } from "@/server/runtime/console";

export type Health = {
  readonly ok: true;
  readonly consolePostgres: "ok" | "unreachable";
  readonly uptimeSeconds: number;
};

/** How this process is; asks its own database with a short patience and never fails. */
export async function healthOf(): Promise<Health> {
  const { db } = getConsole();
  const patience = new Promise<"unreachable">((resolve) => setTimeout(() => resolve("unreachable"), 1_500).unref());
  const asked = db.query("SELECT 1").then(
    () => "ok" as const,
    () => "unreachable" as const,
  );
  return {
    ok: true,
    consolePostgres: await Promise.race([asked, patience]),
    uptimeSeconds: Math.round(process.uptime()),
  };
}
