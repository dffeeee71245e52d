import { z } from "zod";
import type { Totals } from "@/server/audit/verify/chain-walk";
import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";
import { idText, pageInput } from "@/server/platform/page";

export const startCheckInput = z.object({ zoneId: idText.nullish() }); // none: every zone
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
