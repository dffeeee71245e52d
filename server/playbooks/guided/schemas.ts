import { z } from "zod";
import type { RecentProof } from "@/server/auth/recent-proof";
import { idText, pageInput, writtenText } from "@/server/platform/page";
import { type GuidedReport, verdictInput } from "@/server/playbooks/guided/reports.schemas";
import type { Exposure } from "@/server/playbooks/schemas";
import { serviceKinds } from "@/server/services/schemas";
import type { Figure } from "@/server/timeline/schemas";

export const guidedPlaybooks = [
  "kek-compromise",
  "zone-key-compromise",
  "rotate-keys",
  "audit-tampering",
  "service-outage",
  "audit-dead-letters",
  "revocation-backlog",
] as const;
export type GuidedPlaybook = (typeof guidedPlaybooks)[number];

/** What a playbook about a service can be about: one of them, or all at once. */
export const aboutServices = [...serviceKinds, "all"] as const;
export type AboutService = (typeof aboutServices)[number];

export const startGuidedInput = z.object({
  playbook: z.enum(guidedPlaybooks),
  zoneId: idText.nullish(), // of a playbook about one zone
  service: z.enum(aboutServices).nullish(), // of a playbook about a service
  incidentId: z.uuid().nullish(), // none: one is declared
  reason: writtenText(500).min(4),
  drill: z.boolean().default(false),
});
export const guidedRunInput = z.object({ runId: z.uuid() });
export const listGuidedInput = z.object({ ...pageInput(100, 25) });
export const settleInput = z.object({
  runId: z.uuid(),
  step: z.string().max(40),
  skip: z.boolean().default(false),
  reason: writtenText(1_000).min(4).nullish(),
  hash: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[0-9a-f]{64}$/, "A SHA-256 has 64 hex characters.")
    .nullish(),
  verdict: verdictInput.nullish(),
});
export const tickInput = z.object({
  runId: z.uuid(),
  step: z.string().max(40),
  item: z.string().max(100),
  note: writtenText(500).min(4), // how it is known
});
export const signerRoles = ["security", "compliance"] as const;
export type SignerRole = (typeof signerRoles)[number];
export const signStepInput = z.object({
  runId: z.uuid(),
  step: z.string().max(40),
  role: z.enum(signerRoles),
  digest: z.string().regex(/^[0-9a-f]{64}$/), // of what was on the screen
  comment: writtenText(500).min(4),
});
export const abandonGuidedInput = z.object({ runId: z.uuid(), reason: writtenText(500).min(4) });

/** What a probe saw. `done` null: it cannot be told just now, with why in the sentence. */
export type Probed = {
  readonly done: boolean | null;
  readonly sentence: string;
  readonly figures?: readonly Figure[]; // go on the record with the step
};
export type GuidedCommand = { readonly title: string; readonly command: string };

export type ServiceKind = (typeof serviceKinds)[number];
export type ServiceAct = "logs" | "restart" | "hear";

/** Where a step's act is done: a page, or the form that asks a second person. */
export type GuidedAct =
  | { readonly label: string; readonly href: string }
  | { readonly label: string; readonly services: ServiceAct; readonly kind: ServiceKind | null } // on the page itself
  | {
      readonly label: string;
      readonly ask: {
        readonly action:
          | "freeze-zone"
          | "re-encrypt-kek"
          | "rotate-zone-key"
          | "revoke-zone"
          | "revoke-fleet"
          | "restart-service";
        readonly service?: ServiceKind;
        readonly zone?: string | null;
        readonly whole?: boolean;
        readonly mode?: "routine" | "compromise";
        readonly direction?: "forward";
      };
    };
/** Signatures under a step: who has to, who has, over what, and whether the viewer may. */
export type GuidedSigning = {
  readonly digest: string; // SHA-256 over the steps that are settled
  readonly roles: readonly {
    readonly role: SignerRole;
    readonly signed: {
      readonly by: string;
      readonly at: string;
      readonly comment: string;
      readonly digest: string;
    } | null;
    readonly whyNot: string | null; // why the viewer may not sign for it; null: they may
  }[];
  readonly reauthentication: RecentProof | null;
};
export type GuidedCheck = { readonly item: string; readonly label: string };

export type GuidedStep = {
  readonly id: string;
  readonly title: string;
  readonly what: string;
  readonly kind: "observe" | "decide" | "act" | "verify" | "wait" | "manual";
  readonly status: "settled" | "current" | "later";
  readonly settled: {
    readonly outcome: "done" | "skipped";
    readonly by: string;
    readonly at: string;
    readonly reason: string | null;
    readonly hash: string | null;
    readonly seen: string | null;
  } | null;
  readonly probe: Probed | null; // of the current step, and of those that must go on holding
  readonly report: GuidedReport | null; // as it is now, or as it was kept when the step was settled
  readonly reportUnknown: string | null; // why it cannot be told just now
  readonly signing: GuidedSigning | null;
  readonly act: GuidedAct | null;
  readonly checks: readonly (GuidedCheck & {
    readonly ticked: { readonly by: string; readonly at: string; readonly note: string } | null;
  })[];
  readonly ticksNeeded: boolean; // false: they are offered, and the probe says whether they were needed
  readonly commands: readonly GuidedCommand[];
  readonly skippable: boolean;
  readonly byHand: boolean; // a person may say it while the probe does not agree
  readonly wants: "nothing" | "reason" | "hash-and-reason" | "verdict"; // to be called done
};

export type GuidedRunSummary = {
  readonly id: string;
  readonly playbook: GuidedPlaybook;
  readonly title: string;
  readonly zone: { readonly id: string; readonly name: string } | null;
  readonly service: AboutService | null;
  readonly drill: boolean;
  readonly state: "open" | "done" | "abandoned";
  readonly incident: { readonly id: string; readonly number: number };
  readonly driver: { readonly id: string; readonly name: string };
  readonly createdBy: { readonly id: string; readonly name: string };
  readonly createdAt: string;
  readonly settled: number;
  readonly steps: number;
};
export type GuidedRunView = Omit<GuidedRunSummary, "steps" | "settled"> & {
  readonly reason: string;
  readonly endedReason: string | null;
  readonly steps: readonly GuidedStep[];
  readonly exposure: readonly Exposure[];
  readonly exposureUnknown: string | null; // why it cannot be told just now
};
