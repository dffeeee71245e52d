import { randomUUID } from "node:crypto";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { newPerson } from "@/sandbox/new-person";
import type { Actor, Role } from "@/server/auth/roles";
import { openSignIn } from "@/server/auth/sign-ins";
import { readSettings } from "@/server/platform/settings";
import { composeConsole } from "@/server/runtime/console";

/** Stands in every text that an incident can hold; nobody from outside may ever be sent it. */
export const marker = "canary-7f3a9c";
export const ids = Object.fromEntries(
  [
    "incident",
    "absorbed",
    "gone",
    "run",
    "guided",
    "approval",
    "freezeApproval",
    "wide",
    "job",
    "freeze",
    "item",
    "redrive",
    "act",
    "requeue",
    "restart",
    "order",
    "file",
    "followUp",
  ].map((name) => [name, randomUUID()]),
) as Record<string, string>;

export type Person = { readonly actor: Actor; readonly signInId: string };

/** A console over fresh engines, somebody who may see restricted incidents, and somebody who may not. */
export async function openCanary() {
  const [own, theirs, redis] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase(), freshRedis()]);
  const console = composeConsole(
    readSettings({
      CONSOLE_DATABASE_URL: own.url,
      CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
      CARACAL_DATABASE_URL: theirs.url,
      CARACAL_REDIS_URL: redis.url,
    }),
  );
  const person = async (name: string, roles: readonly Role[]): Promise<Person> => {
    const actor = await newPerson(console.db, name, roles);
    const input = { personId: actor.id, method: "local", userAgent: null, address: null } as const;
    return { actor, signInId: await openSignIn({ db: console.db, input }) };
  };
  return {
    console,
    insider: await person("sol", ["security", "responder"]),
    outsider: await person("otto", ["viewer", "responder", "approver", "compliance"]),
    async close() {
      await Promise.allSettled([console.db.close(), console.caracal.close()]);
      await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
    },
  };
}
