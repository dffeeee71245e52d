import type { Actor } from "@/server/auth/roles";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

const quietMs = 60_000;
const mostKept = 1_000;
const lastAt = new Map<string, number>();

/** True once a minute per key and process; forgets the oldest keys beyond a thousand. */
function isNews(key: string, now: number): boolean {
  const before = lastAt.get(key);
  if (before !== undefined && now - before < quietMs) return false;
  lastAt.delete(key);
  lastAt.set(key, now);
  for (const oldest of lastAt.keys()) {
    if (lastAt.size <= mostKept) break;
    lastAt.delete(oldest);
  }
  return true;
}

/**
 * Puts a refused change on the console's own record: who, what, and why not; at most once a minute per person and procedure.
 * Inputs are not recorded. Never fails: the refusal is the answer, whether it could be recorded or not.
 */
export async function recordDenial(
  console: { readonly db: Queryable },
  actor: Actor,
  { path, why, now = Date.now() }: { readonly path: string; readonly why: "role" | "origin"; readonly now?: number },
): Promise<void> {
  if (!isNews(`${actor.id} ${path} ${why}`, now)) return;
  try {
    await appendEntries(console.db, [
      {
        chain: consoleChain,
        kind: "access.denied",
        by: actor,
        summary: `${actor.name} was refused ${path}: ${why === "role" ? "none of their roles allows it" : "the request did not come from the console's own pages"}`,
        details: { parameters: { path, why, roles: actor.roles.join(",") } },
      },
    ]);
  } catch (error) {
    lastAt.delete(`${actor.id} ${path} ${why}`);
    log.warn({ path, reason: messageOf(error) }, "a refusal could not be recorded");
  }
}
