import { z } from "zod";
import type { NoticeKind, NoticeTag } from "@/server/notifications/queue-notice";
import { pageInput, plainText, writtenText } from "@/server/platform/page";
import type { ChannelKind } from "@/server/platform/notify-channels";
import { severities, type Severity } from "@/server/platform/severity";

/** Who is told, as the incident page names them. */
export const tiers = ["on-call", "security", "compliance"] as const;
export type Tier = (typeof tiers)[number];
export const noticeTags = ["tamper", "key-compromise", "audit-loss"] as const satisfies readonly NoticeTag[];
export const deliveryStates = ["waiting", "sending", "sent", "failed", "suppressed", "stopped"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Stands for every channel that is configured. */
export const everyChannel = "*";

const severityList = z.array(z.enum(severities)).max(4);
const stepShape = z.object({
  channel: z.string().trim().min(1).max(40), // a configured channel's name, or "*"
  afterMinutes: z.number().int().min(0).max(1_440), // after the notice; nobody has acknowledged by then
});
const tierShape = z.object({
  tier: z.enum(tiers),
  when: z.array(z.object({ severities: severityList.min(1), tags: z.array(z.enum(noticeTags)).max(3) })).max(4), // no tags: any
  steps: z.array(stepShape).max(8),
  repeat: z.object({ everyMinutes: z.number().int().min(1).max(1_440), times: z.number().int().min(0).max(12) }), // of the last step
});

/** The rules as they are stored: each tier once, steps by delay. No condition: the tier hears of nothing. */
export const rulesShape = z
  .array(tierShape)
  .length(tiers.length)
  .refine((rules) => new Set(rules.map((rule) => rule.tier)).size === rules.length, "each tier must be there once")
  .refine(
    (rules) =>
      rules.every(({ steps }) =>
        steps.every((step, at) => at === 0 || step.afterMinutes >= (steps[at - 1]?.afterMinutes ?? 0)),
      ),
    "the steps of a tier must be in the order of their delays",
  );
export type TierRule = z.output<typeof tierShape>;
export type EscalationStep = z.output<typeof stepShape>;

export const saveRulesInput = z.object({
  revision: z.number().int().min(1),
  rules: rulesShape,
  reason: writtenText(500).min(4),
});
export const previewInput = z.object({
  severity: z.enum(severities),
  tags: z.array(z.enum(noticeTags)).max(3).default([]),
  restricted: z.boolean().default(false),
});
export const testChannelInput = z.object({ channel: z.string().trim().min(1).max(40) });
export const deliveriesInput = z.object({
  ...pageInput(100, 50),
  states: z.array(z.enum(deliveryStates)).max(deliveryStates.length).default([]), // none: all
  channel: z.string().max(40).nullish(),
  incidentId: z.uuid().nullish(),
});
export const addMaintenanceInput = z.object({
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  severities: severityList.default([]), // none: every severity but P1
  tiers: z.array(z.enum(tiers)).max(3).default([]), // none: every tier
  includeP1: z.boolean().default(false), // P1 is silenced only when this is ticked
  reason: plainText(300).min(4),
});
export const endMaintenanceInput = z.object({ id: z.uuid() });

export type RulesView = {
  readonly revision: number; // hand it back when saving
  readonly rules: readonly TierRule[]; // in the order of `tiers`
  readonly savedBy: string; // "console" for the first ones
  readonly savedAt: string;
};

/** A channel without what it must keep to itself. `secret` is the fingerprint of its secret, null when it has none. */
export type ChannelView = {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly host: string; // host:port
  readonly secret: string | null;
  readonly recipients: Readonly<Record<Tier, number>> | null; // e-mail addresses per tier; null for other kinds
  readonly problem: string | null; // why nothing can be sent through it as it is configured, in words
};

export type MaintenanceWindow = {
  readonly id: string;
  readonly from: string;
  readonly until: string; // when it was ended early: that time
  readonly severities: readonly Severity[];
  readonly tiers: readonly Tier[];
  readonly includeP1: boolean;
  readonly reason: string;
  readonly by: string;
  readonly endedBy: string | null;
  readonly state: "coming" | "in-force" | "over";
};

/** One message that would go out. `suppressed` and `problem` say in words why it would not arrive. */
export type PlannedStep = {
  readonly step: number; // 1 is the first
  readonly channel: string;
  readonly kind: ChannelKind | null; // null: no channel of that name is configured
  readonly afterMinutes: number;
  readonly repeat: boolean; // the last step once more
  readonly suppressed: string | null;
  readonly problem: string | null;
};

/** "Who would be told now?" A tier is quiet when `why` says so; its steps are then empty. */
export type NotificationPreview = {
  readonly at: string;
  readonly revision: number; // of the rules
  readonly message: string; // the one line as it would read
  readonly tiers: readonly {
    readonly tier: Tier;
    readonly why: string | null;
    readonly steps: readonly PlannedStep[];
  }[];
  readonly windows: readonly MaintenanceWindow[]; // in force now
};

/** What came of a test message. `detail` is the receiver's answer or the failure in words. */
export type TestResult = {
  readonly channel: string;
  readonly delivered: boolean;
  readonly detail: string;
  readonly tookMs: number;
};

export type Delivery = {
  readonly id: string; // also the idempotency key that receivers get
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly incident: { readonly id: string; readonly number: number } | null;
  readonly sentence: string;
  readonly tier: Tier;
  readonly step: number;
  readonly channel: string;
  readonly state: DeliveryState;
  readonly createdAt: string;
  readonly dueAt: string; // of the next attempt while it waits
  readonly attempts: number;
  readonly finishedAt: string | null;
  readonly reason: string | null; // the last error, why it was suppressed, or why it was stopped
};
