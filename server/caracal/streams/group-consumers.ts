import type { Deployment } from "@/server/caracal/deployment";
import { listOf, numberOrNull, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";

/** How long ago a consumer of a group was last handed a message, in ms; null: never, as far as Redis tells. */
export type GroupConsumer = { readonly name: string; readonly agoMs: number | null };

/**
 * The consumers of a group. Redis tells how long ago a consumer did something: from 7.2 "inactive" is its last delivery or claim; before,
 * "idle" is its last attempt, and a waiting XREADGROUP counts only once it is answered (contract trap 3). A group that is not there has no
 * consumers.
 */
export async function groupConsumers(
  redis: Deployment["redis"],
  stream: string,
  group: string,
): Promise<readonly GroupConsumer[]> {
  const [reply] = await pipelined(redis, [["XINFO", "CONSUMERS", stream, group]], () => undefined);
  if (reply === undefined || !reply.ok) return [];
  return listOf(reply.value)
    .slice(0, 100)
    .map((row) => {
      const fields = pairs(row);
      const inactive = numberOrNull(fields.get("inactive"));
      const ago = fields.has("inactive") ? inactive : numberOrNull(fields.get("idle"));
      return { name: String(fields.get("name")), agoMs: ago === null || ago < 0 ? null : ago };
    });
}
