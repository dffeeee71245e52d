import type { Redis } from "ioredis";

export type Command = readonly [name: string, ...args: (string | number)[]];
export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

/** Tells whoever counts how many commands were sent: what many viewers cost Redis is a number, not a hope. */
export type CountCommands = (sent: number) => void;

/**
 * Sends commands in one round trip; one reply each, in order. A command's own refusal is a reply; Redis not answering at
 * all throws, so that a caller never takes silence for emptiness.
 */
export async function pipelined(redis: Redis, commands: readonly Command[], count: CountCommands): Promise<Reply[]> {
  if (commands.length === 0) return [];
  const pipe = redis.pipeline();
  for (const [name, ...args] of commands) pipe.call(name, ...args);
  count(commands.length);
  const results = await pipe.exec();
  if (results === null) throw new Error("Redis dropped the pipeline");
  return results.map(([error, value]) => {
    if (error === null) return { ok: true, value };
    if (error.name !== "ReplyError") throw error;
    return { ok: false, error };
  });
}

/** Name and value pairs as XINFO and XRANGE give them, as a map. */
export function pairs(reply: unknown): Map<string, unknown> {
  const map = new Map<string, unknown>();
  if (!Array.isArray(reply)) return map;
  for (let index = 0; index + 1 < reply.length; index += 2) map.set(String(reply[index]), reply[index + 1]);
  return map;
}

/** A number, or null when Redis says nil or leaves the field out. */
export function numberOrNull(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

export const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

export const listOf = (reply: unknown): readonly unknown[] => (Array.isArray(reply) ? reply : []);
