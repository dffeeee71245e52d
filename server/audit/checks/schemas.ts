import { z } from "zod";
import type { Totals } from "@/server/audit/verify/finding";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";
import { idText, pageInput } from "@/server/platform/page";

/** full: whole chains. window: from one time or seq to another. new: the rows since the heads that were checked last. */
export const checkScopes = ["full", "window", "new"] as const;
export type CheckScope = (typeof checkScopes)[number];
export const startCheckInput = z.object({
  zoneId: idText.nullish(), // none: every zone
  scope: z.enum(checkScopes).default("full"),
  window: z.object({ from: z.string().min(1).max(40), to: z.string().max(40).nullish() }).optional(), // times, or seqs of one zone
});
export const checkInput = z.object({ checkId: z.uuid() });
export const listChecksInput = z.object({ ...pageInput(100, 10) });
export const checkFindingsInput = z.object({ checkId: z.uuid(), ...pageInput(500, 100) });

export type CheckTotals = Readonly<Totals>;
/** Who was heard. `stream` null: nobody, with why in `note`. */
export type CheckWitnesses = {
  readonly seal: boolean;
  readonly stream: { readonly entries: number; readonly from: string | null; readonly to: string | null } | null;
  readonly anchors: number; // heads anchored earlier that the chains were held against
  readonly note: string | null;
};
export type CheckView = {
  readonly id: string;
  readonly zone: { readonly id: string; readonly name: string } | null; // null: every zone
  readonly scope: CheckScope;
  readonly window: { readonly from: string; readonly to: string | null } | null;
  readonly scheduled: boolean;
  readonly timesTaken: number; // begun, and gone on with after its worker had gone
  readonly state: "queued" | "running" | "finished" | "cancelled";
  readonly phase: string;
  readonly done: number;
  readonly totals: CheckTotals | null;
  readonly witnesses: CheckWitnesses | null;
  readonly verifier: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelAsked: boolean;
  readonly error: string | null;
};
export type CheckFinding = {
  readonly n: number;
  readonly zoneId: string;
  readonly chainSeq: number | null;
  readonly eventId: string | null;
  readonly finding: FindingKind;
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
};
