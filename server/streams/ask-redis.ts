import { DomainError, messageOf } from "@/server/platform/errors";

/** Runs a read of Redis and turns its failures into answers: no such group or stream, not a stream, no answer. */
export async function askRedis<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const text = messageOf(error);
    if (text.startsWith("NOGROUP") || text.includes("no such key"))
      throw new DomainError("not_found", "There is no such stream or group in Redis.");
    if (text.startsWith("WRONGTYPE")) throw new DomainError("bad_input", "That key is not a stream.");
    throw new DomainError("source_unreachable", `Redis did not answer: ${text}.`, {}, { cause: error });
  }
}
