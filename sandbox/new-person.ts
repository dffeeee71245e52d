import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor, Role } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";

/** Somebody with an account of their own in a console's database; without a name they are called by their username. */
export async function newPerson(
  db: Database,
  username: string,
  roles: readonly Role[],
  name = username,
): Promise<Actor> {
  const id = await createLocalAccount({
    db,
    username,
    displayName: name,
    roles: [...roles],
    password: "a long enough password",
  });
  return { id, name, roles: [...roles] };
}
