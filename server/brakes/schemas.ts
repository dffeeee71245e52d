import { z } from "zod";
import { idText, pageInput, plainText, writtenText } from "@/server/platform/page";

export const listFreezesInput = z.object({ ...pageInput(100, 30) });
export const freezeInput = z.object({ freezeId: z.uuid() });
export const thawInput = z.object({ freezeId: z.uuid(), reason: writtenText(500).min(4) });
export const freezeParameters = z.strictObject({ zoneId: idText });
export const applicationsInput = z.object({ zoneId: idText, text: plainText(100).default(""), ...pageInput(100, 50) });
export const providerTokensInput = z.object({ zoneId: idText, applicationId: idText });
export const replaceSecretInput = z.object({
  zoneId: idText,
  applicationId: idText,
  incidentId: z.uuid().nullish(),
  reason: writtenText(500).min(4),
});

/** How one STS came to know of the change: it was handed a message, or its poll has run since. Neither: not proved. */
export type StsProof = {
  readonly replica: string; // its consumer's name, which is what Redis knows it by
  readonly deliveredAt: string | null;
  readonly polledAt: string | null;
  readonly pollBy: string | null;
  readonly note: string | null;
};

export type FreezeView = {
  readonly id: string;
  readonly state: "freezing" | "frozen" | "thawing" | "thawed";
  readonly zone: { readonly id: string; readonly name: string };
  readonly requestedBy: { readonly id: string; readonly name: string };
  readonly thawedBy: { readonly id: string; readonly name: string } | null;
  readonly approvalId: string;
  readonly incident: { readonly id: string; readonly number: number; readonly title: string } | null;
  readonly reason: string;
  readonly thawReason: string | null;
  readonly requestedAt: string;
  readonly nulledAt: string | null;
  readonly frozenAt: string | null;
  readonly thawRequestedAt: string | null;
  readonly restoredAt: string | null;
  readonly thawedAt: string | null;
  readonly replicas: readonly StsProof[];
  readonly bindings: readonly { readonly policySetId: string; readonly version: string | null }[]; // as before the freeze
  readonly leftAlone: readonly string[]; // policy sets that somebody set meanwhile: the thaw did not touch them
  readonly publications: number;
  readonly error: string | null;
  readonly commands: readonly { readonly title: string; readonly command: string }[];
};

export type ApplicationRow = {
  readonly id: string;
  readonly name: string;
  readonly credentialType: string;
  readonly archived: boolean;
};
/** The tokens that a provider gave out for an application: they outlive every revocation here (trap 20). */
export type ProviderTokens = {
  readonly providerId: string | null;
  readonly provider: string;
  readonly grants: number;
  readonly users: number;
  readonly latestExpiry: string | null;
};
export type ReplaceSecretAnswer =
  | { readonly kind: "replaced"; readonly secret: string; readonly fingerprint: string }
  | { readonly kind: "by-hand"; readonly command: string; readonly why: string };
