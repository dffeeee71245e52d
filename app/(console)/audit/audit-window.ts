import { parseUtc } from "@/components/lib/utc";

export const windowPresets = { "15m": 15, "1h": 60, "24h": 1_440, "7d": 10_080, "31d": 44_640 } as const;
export type WindowPreset = keyof typeof windowPresets;
export const presetNames = Object.keys(windowPresets) as readonly WindowPreset[];
export const presetLabels: Readonly<Record<WindowPreset, string>> = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "31d": "Last 31 days",
};

const minute = 60_000;
const longest = 31 * 1_440 * minute;
const longestWithText = 1_440 * minute;

export type AuditWindow =
  | { readonly ok: true; readonly since: string; readonly until: string }
  | { readonly ok: false; readonly problem: string };

/**
 * The window to search, from either a preset that ends at `asOf` (epoch ms) or two UTC times as typed. `asOf` stays the same
 * while pages are loaded, so that a page never overlaps the one before. Text may be searched for over 24 h at most.
 */
export function auditWindow(
  input: {
    readonly preset: WindowPreset;
    readonly since: string | null;
    readonly until: string | null;
    readonly text: string | null;
  },
  asOf: number,
): AuditWindow {
  const custom = input.since !== null || input.until !== null;
  const until = input.until === null ? asOf : parseUtc(input.until);
  const since = input.since === null ? (until ?? asOf) - windowPresets[input.preset] * minute : parseUtc(input.since);
  if (since === null || until === null)
    return {
      ok: false,
      problem: "Write both times as 2026-11-23 02:14 or 2026-11-23T02:14:31Z. They are taken as UTC.",
    };
  if (since >= until) return { ok: false, problem: "The window ends before it begins." };
  if (until - since > longest) return { ok: false, problem: "A window may be 31 days long at most. Narrow it." };
  if (input.text !== null && until - since > longestWithText) {
    const why = "Text is searched for over 24 hours at most, since no index covers it.";
    return {
      ok: false,
      problem: `${why} ${custom ? "Narrow the window." : "Choose a shorter window or clear the text."}`,
    };
  }
  return { ok: true, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}
