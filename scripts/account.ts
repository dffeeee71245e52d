import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createLocalAccount } from "@/server/auth/local-accounts";
import { hashPassword } from "@/server/auth/passwords";
import { roles } from "@/server/auth/roles";
import { messageOf } from "@/server/platform/errors";
import { openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

const help = `Local accounts, for when the identity provider is part of the outage.

  npm run account -- --username dana --name "Dana Reyes" --role responder [--role approver]
      makes the account; the password (12 characters or more) is read from standard input
  npm run account -- --hash
      prints the hash of what is read from standard input, for BREAK_GLASS_SECRET_HASH

Roles: ${roles.join(", ")}. Settings as for the console (README).`;

const input = z.object({
  username: z.string().min(1),
  name: z.string().min(1),
  role: z.array(z.enum(roles)).min(1),
});

async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  if (process.stdin.isTTY) process.stderr.write("Password: ");
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return "";
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      username: { type: "string" },
      name: { type: "string" },
      role: { type: "string", multiple: true },
      hash: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.hash === true) {
    const credential = await readPassword();
    if (credential.length < 20) throw new Error("A break-glass credential needs at least 20 characters.");
    console.log(await hashPassword(credential));
    return 0;
  }
  const given = input.safeParse(values);
  if (values.help === true || !given.success) {
    console.log(help);
    return values.help === true ? 0 : 2;
  }
  const settings = readSettings(process.env);
  const db = openDatabase({
    url: settings.CONSOLE_DATABASE_URL,
    label: "The console's Postgres",
    max: 1,
    statementTimeoutMs: 5_000,
  });
  try {
    const { username, name, role } = given.data;
    await createLocalAccount({ db, username, displayName: name, roles: role, password: await readPassword() });
    console.log(`The account ${username} is made: ${role.join(", ")}.`);
    return 0;
  } finally {
    await db.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(1);
  },
);
