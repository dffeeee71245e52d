import { parseUtc } from "@/components/lib/utc";
import { windowDays } from "@/server/keys/window/schemas";

export type TypedWindow =
  | { readonly ok: true; readonly since: string; readonly until: string }
  | { readonly ok: false; readonly problem: string };

const dayMs = 86_400_000;

/** The window that two UTC times as typed mean; without them the last 24 hours before `asOf` (epoch ms). */
export function typedWindow(since: string | null, until: string | null, asOf: number): TypedWindow {
  const end = until === null ? asOf : parseUtc(until);
  const start = since === null ? (end ?? asOf) - dayMs : parseUtc(since);
  if (start === null || end === null)
    return {
      ok: false,
      problem: "Write both times as 2026-11-23 02:14 or 2026-11-23T02:14:31Z. They are taken as UTC.",
    };
  if (start >= end) return { ok: false, problem: "The window ends before it begins." };
  if (end - start > windowDays * dayMs)
    return { ok: false, problem: `A window may be ${windowDays} days long at most. Look at it in parts.` };
  return { ok: true, since: new Date(start).toISOString(), until: new Date(end).toISOString() };
}
