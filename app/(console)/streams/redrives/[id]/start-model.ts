import { type LetterGroup, mostRate } from "@/server/redrive/schemas";

export type StartDraft = { readonly rate: string; readonly canary: string; readonly mostLag: string };

const whole = (text: string): number | null => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null);
const within = (text: string, least: number, most: number): string | undefined => {
  const value = whole(text);
  return value !== null && value >= least && value <= most
    ? undefined
    : `A whole number from ${least.toLocaleString("en-GB")} to ${most.toLocaleString("en-GB")}.`;
};

/** What is wrong with a rate as it was typed; empty is as fast as ingestion allows. */
export const rateFault = (rate: string): string | undefined =>
  rate.trim() === "" ? undefined : within(rate, 1, mostRate);
export const rateOf = (rate: string): number | null => (rate.trim() === "" ? null : whole(rate));

export const startFaults = ({ rate, canary, mostLag }: StartDraft) => ({
  rate: rateFault(rate),
  canary: within(canary, 0, 10_000),
  mostLag: within(mostLag, 1, 1_000_000),
});

/** The chosen groups and settings as the server takes them. Causes are named only when some are left out. */
export function startOf(draft: StartDraft, chosen: readonly LetterGroup[], able: readonly LetterGroup[]) {
  const classes = [...new Set(chosen.map((group) => group.class))].filter(
    (one): one is "missing" | "recorded" => one === "missing" || one === "recorded",
  );
  return {
    classes,
    ...(chosen.length === able.length ? {} : { causes: [...new Set(chosen.map(({ cause }) => cause))] }),
    rate: rateOf(draft.rate),
    canary: whole(draft.canary) ?? 0,
    mostLag: whole(draft.mostLag) ?? 5_000,
  };
}
