import { idBefore } from "@/components/charts/stream-id";
import { parseUtc } from "@/components/lib/utc";

/** Where to read on from (exclusive, oldest first) for a UTC time or a stream id as typed; null when it is neither. */
export function jumpTarget(text: string): string | null {
  const given = text.trim();
  if (/^\d{10,16}-\d{1,20}$/.test(given)) return idBefore(given);
  const at = /^\d{12,14}$/.test(given) ? Number(given) : parseUtc(given);
  return at === null || at < 1 ? null : idBefore(`${at}-0`);
}
