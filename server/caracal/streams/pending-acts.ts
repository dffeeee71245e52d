import type { Redis } from "ioredis";
import { listOf, pipelined } from "@/server/caracal/streams/redis-pipeline";

export type EntryFate =
  | "claimed"
  | "claimed-back"
  | "already" // it is where it was to go
  | "busy" // its consumer has had it for too short a time
  | "gone" // its payload was trimmed: claiming would delete the last trace of it
  | "elsewhere" // somebody else holds it by now
  | "acked"
  | "not-pending"
  | "not-proved"; // what made acknowledging it safe is not so, or cannot be told
export type Fates = Readonly<Record<string, EntryFate>>;

type Group = { readonly stream: string; readonly group: string };

/** Each look and its claim are one step for Redis, entry by entry: nobody is robbed of what they took up in between. */
const claimScript = `
local fates = {}
for at = 4, #ARGV do
  local id = ARGV[at]
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if not held then fates[#fates + 1] = 'not-pending'
  elseif held[2] == ARGV[2] then fates[#fates + 1] = 'already'
  elseif held[3] < tonumber(ARGV[3]) then fates[#fates + 1] = 'busy'
  elseif #redis.call('XRANGE', KEYS[1], id, id) == 0 then fates[#fates + 1] = 'gone'
  else
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], id, 'IDLE', held[3], 'JUSTID')
    fates[#fates + 1] = 'claimed'
  end
end
return fates`;

/**
 * Gives pending entries to a consumer's name. Their idle time and delivery counts stay as they were (JUSTID, IDLE): nothing was
 * delivered, and who claims by age at its start still finds them old. What is younger than `minIdleMs`, trimmed or not pending is left.
 */
export async function claimEntries(
  redis: Redis,
  { stream, group }: Group,
  given: { readonly consumer: string; readonly minIdleMs: number; readonly ids: readonly string[] },
): Promise<Fates> {
  const fates = await redis.eval(claimScript, 1, stream, group, given.consumer, given.minIdleMs, ...given.ids);
  return byId(given.ids, fates);
}

const claimBackScript = `
local fates = {}
for at = 3, #ARGV, 2 do
  local id, former = ARGV[at], ARGV[at + 1]
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if not held then fates[#fates + 1] = 'not-pending'
  elseif held[2] == former then fates[#fates + 1] = 'already'
  elseif held[2] ~= ARGV[2] then fates[#fates + 1] = 'elsewhere'
  elseif #redis.call('XRANGE', KEYS[1], id, id) == 0 then fates[#fates + 1] = 'gone'
  else
    redis.call('XCLAIM', KEYS[1], ARGV[1], former, 0, id, 'IDLE', held[3], 'JUSTID')
    fates[#fates + 1] = 'claimed-back'
  end
end
return fates`;

/** Gives entries that `from` still holds back to whom they were claimed from, one by one. */
export async function claimBackEntries(
  redis: Redis,
  { stream, group }: Group,
  given: { readonly from: string; readonly owners: ReadonlyMap<string, string> },
): Promise<Fates> {
  const pairs = [...given.owners].flat();
  const fates = await redis.eval(claimBackScript, 1, stream, group, given.from, ...pairs);
  return byId([...given.owners.keys()], fates);
}

/** Acknowledges entries; one that is not pending any more is told so. */
export async function ackEntries(redis: Redis, { stream, group }: Group, ids: readonly string[]): Promise<Fates> {
  const commands = ids.map((id) => ["XACK", stream, group, id] as const);
  const replies = await pipelined(redis, commands, () => undefined);
  return Object.fromEntries(
    ids.map((id, at): [string, EntryFate] => {
      const reply = replies[at];
      if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
      return [id, Number(reply.value) === 1 ? "acked" : "not-pending"];
    }),
  );
}

/** The check and the deletion are one step: a consumer that was given something in between keeps it. */
const destroyScript = `
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for at = 1, #fields, 2 do consumer[fields[at]] = fields[at + 1] end
  if consumer['name'] == ARGV[2] then
    if consumer['pending'] > 0 then return {'holds', consumer['pending']} end
    if consumer['idle'] < tonumber(ARGV[3]) then return {'alive', consumer['idle']} end
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
    return {'destroyed', consumer['idle']}
  end
end
return {'absent', 0}`;

export type ConsumerFate = {
  readonly fate: "destroyed" | "absent" | "holds" | "alive";
  readonly figure: number; // what it holds, or how long it was silent in ms
};

/**
 * Deletes a consumer's name when it holds nothing and has been silent for long enough, both at that very moment. A living consumer
 * that was silent for so long is made again by its next read and loses nothing.
 */
export async function destroyConsumer(
  redis: Redis,
  { stream, group }: Group,
  given: { readonly consumer: string; readonly silentMs: number },
): Promise<ConsumerFate> {
  const [fate, figure] = listOf(await redis.eval(destroyScript, 1, stream, group, given.consumer, given.silentMs));
  return { fate: String(fate) as ConsumerFate["fate"], figure: Number(figure) };
}

const byId = (ids: readonly string[], reply: unknown): Fates => {
  const fates = listOf(reply);
  return Object.fromEntries(ids.map((id, at) => [id, String(fates[at]) as EntryFate]));
};
