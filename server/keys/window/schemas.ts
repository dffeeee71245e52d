import { z } from "zod";
import { idText, pageInput } from "@/server/platform/page";

export const windowDays = 7;
const instant = z.string().max(40);
/** From `since` up to, but not including, `until`; no zone: all of them. */
const windowInput = { since: instant, until: instant, zoneId: idText.nullish() };

export const windowPageInput = z.object({ ...windowInput, ...pageInput(500, 100) });
export const windowSessionsInput = z.object({
  since: instant,
  until: instant,
  zoneId: idText,
  subjectId: z.string().min(1).max(500),
  ...pageInput(200, 50),
});
export const exportWindowInput = z.object({ ...windowInput, incidentId: z.uuid().nullish() });

export type WindowIssuance = {
  readonly zone: { readonly id: string; readonly name: string | null };
  readonly subjectId: string;
  readonly type: string;
  readonly count: number;
  readonly live: number;
  readonly first: string;
  readonly last: string;
  readonly isNew: boolean;
};
export type WindowIssuances = {
  readonly rows: readonly WindowIssuance[];
  readonly nextCursor: string | null;
  readonly sessions: number;
  readonly subjects: number; // zones, subjects and types apart
  readonly cut: string | null; // that not everything was read, and what to do; null: everything was
};
export type WindowAllows = {
  readonly rows: readonly {
    readonly zone: { readonly id: string; readonly name: string };
    readonly resource: string | null;
    readonly policySetVersionId: string | null;
    readonly count: number;
    readonly first: string;
    readonly last: string;
  }[];
  readonly nextCursor: string | null;
  readonly cut: string | null;
};
export type WindowSession = {
  readonly id: string;
  readonly status: string;
  readonly live: boolean;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly likely: {
    readonly id: string;
    readonly occurredAt: string;
    readonly resource: string | null;
    readonly apartMs: number;
  } | null;
  readonly candidates: number;
};
