import { reaches } from "@/server/notifications/channel-views";
import { silencedBy, silenceWords } from "@/server/notifications/maintenance-windows";
import type { NoticeKind, NoticeTag } from "@/server/notifications/queue-notice";
import {
  type ChannelView,
  everyChannel,
  type MaintenanceWindow,
  type PlannedStep,
  type Tier,
  type TierRule,
} from "@/server/notifications/schemas";
import type { Severity } from "@/server/platform/severity";

export type PageAction = "trigger" | "acknowledge" | "resolve";
export type PlannedDelivery = PlannedStep & {
  readonly tier: Tier;
  readonly dueAt: Date;
  readonly escalation: boolean; // goes out only while nobody has acknowledged
  readonly pages: PageAction | null;
};
export type TierPlan = {
  readonly tier: Tier;
  readonly why: string | null;
  readonly deliveries: readonly PlannedDelivery[];
};

export type PlanQuestion = {
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly tags: readonly NoticeTag[];
  readonly rules: readonly TierRule[];
  readonly channels: readonly Pick<ChannelView, "name" | "kind" | "recipients" | "problem">[];
  readonly windows: readonly MaintenanceWindow[];
  readonly now: Date;
  /** Channels that hold an open page of the incident; asked for acknowledgements and endings only. */
  readonly paged: readonly { readonly tier: Tier; readonly channel: string }[];
};

/** Kinds that go on to the next step until somebody acknowledges the incident; every other kind is said once. */
const escalating: ReadonlySet<NoticeKind> = new Set(["incident-declared", "severity-raised"]);
/** Kinds that wake somebody by pager; the others are for reading. */
const paging: ReadonlySet<NoticeKind> = new Set([
  "incident-declared",
  "severity-raised",
  "clock-breached",
  "approval-requested",
  "zone-frozen",
  "break-glass",
]);

/** Kinds that every tier hears of, whatever its conditions say. */
const forEveryTier: ReadonlySet<NoticeKind> = new Set(["break-glass"]);

const minuteMs = 60_000;
const times = (list: readonly string[]) => (list.length === 0 ? "" : ` with ${list.join(" or ")}`);

/** Why a tier's conditions do not hold, or null when one does. */
function quietBecause(rule: TierRule, question: PlanQuestion): string | null {
  const { severity, tags } = question;
  if (forEveryTier.has(question.kind)) return rule.steps.length === 0 ? "The rules give this tier no step." : null;
  if (rule.when.length === 0) return "The rules tell this tier of nothing.";
  const holds = rule.when.some(
    (one) => one.severities.includes(severity) && (one.tags.length === 0 || one.tags.some((tag) => tags.includes(tag))),
  );
  if (holds) return rule.steps.length === 0 ? "The rules give this tier no step." : null;
  const heard = rule.when.map((one) => `${one.severities.join(" and ")}${times(one.tags)}`).join(", or ");
  return `Hears of ${heard} only.`;
}

type Moment = {
  readonly step: number;
  readonly channel: string;
  readonly afterMinutes: number;
  readonly repeat: boolean;
};

/** The steps in time. Steps with the same delay are one step over several channels. */
function moments(rule: TierRule, goesOn: boolean): readonly Moment[] {
  const delays = [...new Set(rule.steps.map(({ afterMinutes }) => afterMinutes))];
  const first = delays[0] ?? 0;
  const planned = rule.steps.map(({ channel, afterMinutes }) => ({
    step: delays.indexOf(afterMinutes) + 1,
    channel,
    afterMinutes,
    repeat: false,
  }));
  if (!goesOn)
    return planned.filter(({ afterMinutes }) => afterMinutes === first).map((one) => ({ ...one, afterMinutes: 0 }));
  const last = planned.filter(({ step }) => step === delays.length);
  const again = Array.from({ length: rule.repeat.times }, (_, round) =>
    last.map((one) => ({
      ...one,
      step: delays.length + round + 1,
      afterMinutes: one.afterMinutes + (round + 1) * rule.repeat.everyMinutes,
      repeat: true,
    })),
  );
  return [...planned, ...again.flat()];
}

function planTier(rule: TierRule, question: PlanQuestion): TierPlan {
  const { kind, severity, channels, windows, now } = question;
  const { tier } = rule;
  const why = quietBecause(rule, question);
  if (why !== null) return { tier, why, deliveries: [] };
  const usable = channels.filter((one) => one.kind !== "pagerduty" || paging.has(kind));
  const planned = new Map<string, PlannedDelivery>();
  for (const moment of moments(rule, escalating.has(kind))) {
    const named =
      moment.channel === everyChannel
        ? usable.filter((one) => reaches(one, tier)).map(({ name }) => name)
        : [moment.channel];
    for (const name of named) {
      const channel = channels.find((one) => one.name === name);
      if (channel?.kind === "pagerduty" && !paging.has(kind)) continue;
      const dueAt = new Date(now.getTime() + moment.afterMinutes * minuteMs);
      const window = silencedBy(windows, { severity, tier }, dueAt);
      const problem =
        channel === undefined
          ? `No channel named ${name} is configured.`
          : reaches(channel, tier)
            ? channel.problem
            : `${name} has no address for ${tier}.`;
      const key = `${moment.step} ${name}`;
      if (planned.has(key)) continue;
      planned.set(key, {
        ...moment,
        channel: name,
        kind: channel?.kind ?? null,
        tier,
        dueAt,
        escalation: moment.step > 1,
        pages: channel?.kind === "pagerduty" ? "trigger" : null,
        suppressed: window === null ? null : silenceWords(window),
        problem,
      });
    }
  }
  const deliveries = [...planned.values()];
  return { tier, why: deliveries.length === 0 ? "No configured channel reaches this tier." : null, deliveries };
}

/** Tells the channels that hold an open page of the incident that it is acknowledged or over; whatever the rules say by then. */
function planPages(question: PlanQuestion, pages: PageAction): readonly TierPlan[] {
  const open = question.paged.filter(({ channel }) =>
    question.channels.some(({ name, kind }) => name === channel && kind === "pagerduty"),
  );
  return open.map(({ tier, channel }) => ({
    tier,
    why: null,
    deliveries: [
      {
        tier,
        step: 1,
        channel,
        kind: "pagerduty",
        afterMinutes: 0,
        repeat: false,
        suppressed: null,
        problem: null,
        dueAt: question.now,
        escalation: false,
        pages,
      },
    ],
  }));
}

/**
 * Who is told what, when, over which channel: the one function behind the planner and the preview. A step whose `problem` is
 * set is recorded as failed at once; `suppressed` is judged again when the step is due, since windows come and go.
 */
export function planDeliveries(question: PlanQuestion): readonly TierPlan[] {
  if (question.kind === "incident-acknowledged") return planPages(question, "acknowledge");
  if (question.kind === "incident-ended") return planPages(question, "resolve");
  return question.rules.map((rule) => planTier(rule, question));
}
