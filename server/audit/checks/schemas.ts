import { z } from "zod";
import type { OrderedView } from "@/server/audit/ordered-job";
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

export const zonesInput = z.object({ cursor: idText.nullish(), limit: z.number().int().min(1).max(200).default(50) });
export const barInput = z.object({
  zoneId: idText,
  from: z.number().int().nullish(),
  to: z.number().int().nullish(),
  pieces: z.number().int().min(1).max(240).default(120),
});
/** Zones of a check that are listed, those with bad rows first. */
export const checkZonesShown = 500;
export const checkZonesInput = z.object({ checkId: z.uuid() });
export const findingPlaceInput = z.object({ eventId: idText });

/** Where a zone's chain is, and up to where it was checked. `behind`: rows that are newer than what was checked. */
export type CheckedZone = {
  readonly zone: { readonly id: string; readonly name: string; readonly known: boolean }; // known: to Caracal's table of zones
  readonly oldest: number;
  readonly newest: number;
  readonly checkedFrom: number | null;
  readonly checkedTo: number | null;
  readonly checkedAt: string | null;
  readonly behind: number;
  readonly fullCheck: { readonly id: string; readonly at: string; readonly verifier: string } | null;
  readonly whole: boolean;
  readonly firstBad: number | null;
};
export type PieceState = "proved" | "not provable" | "tampered" | "missing" | "retention" | "not yet checked";
export type BarPiece = {
  readonly from: number;
  readonly to: number;
  readonly state: PieceState; // the worst in it
  readonly bad: number; // findings in it
};
export type ZoneBar = {
  readonly from: number;
  readonly to: number;
  readonly first: number; // of the whole chain
  readonly last: number;
  readonly pieces: readonly BarPiece[];
  readonly firstBad: { readonly seq: number; readonly checkId: string; readonly n: number } | null;
};
export type ZoneInCheck = {
  readonly zoneId: string;
  readonly name: string;
  readonly known: boolean;
  readonly state: "waiting" | "walking" | "done";
  readonly from: number | null;
  readonly to: number | null;
  readonly judged: number;
  readonly totals: CheckTotals | null;
  readonly trouble: {
    readonly first: { readonly seq: number; readonly eventId: string | null; readonly finding: FindingKind };
    readonly lastSeq: number | null;
    readonly ingestedFrom: string | null; // of the row before the first bad one
    readonly ingestedTo: string | null;
    readonly needed: "database" | "key" | "nothing" | "unknown";
  } | null;
};

export type CheckTotals = Readonly<Totals>;
/** Who was heard. `stream` null: nobody, with why in `note`. */
export type CheckWitnesses = {
  readonly seal: boolean;
  readonly stream: { readonly entries: number; readonly from: string | null; readonly to: string | null } | null;
  readonly anchors: number; // heads anchored earlier that the chains were held against
  readonly note: string | null;
};
export type CheckView = OrderedView & {
  readonly scope: CheckScope;
  readonly window: { readonly from: string; readonly to: string | null } | null;
  readonly scheduled: boolean;
  readonly timesTaken: number; // begun, and gone on with after its worker had gone
  readonly state: "queued" | "running" | "finished" | "cancelled";
  readonly totals: CheckTotals | null;
  readonly witnesses: CheckWitnesses | null;
  readonly verifier: string;
};
export type CheckFinding = {
  readonly n: number;
  readonly zoneId: string;
  readonly chainSeq: number | null;
  readonly eventId: string | null;
  readonly finding: FindingKind;
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
  readonly streamEntry: string | null; // that had the signed copy of a row that is gone
};
