import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Role } from "@/server/auth/roles";
import { openDatabase } from "@/server/platform/postgres";

export type DemoAccount = { readonly username: string; readonly displayName: string; readonly role: Role };

/** Local accounts of demo and tests, one or two a role. Nothing but the sandbox makes them. */
export const demoAccounts: readonly DemoAccount[] = [
  { username: "viewer", displayName: "Vera Viewer", role: "viewer" },
  { username: "responder", displayName: "Dana Responder", role: "responder" },
  { username: "responder2", displayName: "Remy Responder", role: "responder" },
  { username: "approver", displayName: "Ari Approver", role: "approver" },
  { username: "security", displayName: "Sol Security", role: "security" },
  { username: "compliance", displayName: "Cleo Compliance", role: "compliance" },
  { username: "admin", displayName: "Ada Admin", role: "admin" },
];

export const demoPassword = (username: string): string => `caracal-demo-${username}`;

/** Creates the demo accounts in a migrated console database, under its running role. */
export async function createDemoAccounts(consoleUrl: string): Promise<void> {
  const db = openDatabase({ url: consoleUrl, label: "The console's Postgres", max: 4, statementTimeoutMs: 10_000 });
  try {
    await Promise.all(
      demoAccounts.map(({ username, displayName, role }) =>
        createLocalAccount({ db, username, displayName, roles: [role], password: demoPassword(username) }),
      ),
    );
  } finally {
    await db.close();
  }
}
