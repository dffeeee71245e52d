import type { EscalationStep, Tier, TierRule } from "@/server/notifications/schemas";

/** What the rules editor holds: the rules as edited, over the revision they were read at. */
export type Rules = readonly TierRule[];

const change = (rules: Rules, tier: Tier, edit: (rule: TierRule) => TierRule): Rules =>
  rules.map((rule) => (rule.tier === tier ? edit(rule) : rule));
const toggled = <Item>(list: readonly Item[], item: Item): Item[] =>
  list.includes(item) ? list.filter((one) => one !== item) : [...list, item];
const at = <Item>(list: readonly Item[], index: number, edit: (item: Item) => Item): Item[] =>
  list.map((item, place) => (place === index ? edit(item) : item));
const without = <Item>(list: readonly Item[], index: number): Item[] => list.filter((_, place) => place !== index);

type Condition = TierRule["when"][number];

export const addCondition = (rules: Rules, tier: Tier): Rules =>
  change(rules, tier, (rule) => ({ ...rule, when: [...rule.when, { severities: ["P1"], tags: [] }] }));
export const removeCondition = (rules: Rules, tier: Tier, index: number): Rules =>
  change(rules, tier, (rule) => ({ ...rule, when: without(rule.when, index) }));
/** Adds or takes one severity or tag of a condition. */
export function toggleIn(
  rules: Rules,
  tier: Tier,
  index: number,
  what: { readonly severity: Condition["severities"][number] } | { readonly tag: Condition["tags"][number] },
): Rules {
  return change(rules, tier, (rule) => ({
    ...rule,
    when: at(rule.when, index, (condition) =>
      "severity" in what
        ? { ...condition, severities: toggled(condition.severities, what.severity).sort() }
        : { ...condition, tags: toggled(condition.tags, what.tag) },
    ),
  }));
}
/** A new step goes to the end, ten minutes after the last one. */
export const addStep = (rules: Rules, tier: Tier): Rules =>
  change(rules, tier, (rule) => {
    const last = rule.steps.at(-1);
    const afterMinutes = last === undefined ? 0 : Math.min(1_440, last.afterMinutes + 10);
    return { ...rule, steps: [...rule.steps, { channel: last?.channel ?? "*", afterMinutes }] };
  });
export const removeStep = (rules: Rules, tier: Tier, index: number): Rules =>
  change(rules, tier, (rule) => ({ ...rule, steps: without(rule.steps, index) }));
export const changeStep = (rules: Rules, tier: Tier, index: number, step: Partial<EscalationStep>): Rules =>
  change(rules, tier, (rule) => ({ ...rule, steps: at(rule.steps, index, (one) => ({ ...one, ...step })) }));
export const changeRepeat = (rules: Rules, tier: Tier, repeat: Partial<TierRule["repeat"]>): Rules =>
  change(rules, tier, (rule) => ({ ...rule, repeat: { ...rule.repeat, ...repeat } }));

/** What keeps the rules from being saved, in words; the server checks the same once more. */
export function ruleProblems(rules: Rules, channels: readonly string[]): readonly string[] {
  return rules.flatMap(({ tier, when, steps, repeat }) => [
    ...when.flatMap((condition, index) =>
      condition.severities.length === 0 ? [`${tier}: condition ${index + 1} names no severity.`] : [],
    ),
    ...(when.length > 0 && steps.length === 0
      ? [`${tier}: there is a condition and no step, so nobody would be told.`]
      : []),
    ...steps.flatMap((step, index) => [
      ...(isMinutes(step.afterMinutes, 0) ? [] : [`${tier}: step ${index + 1} wants whole minutes from 0 to 1,440.`]),
      ...(index > 0 && step.afterMinutes < (steps[index - 1]?.afterMinutes ?? 0)
        ? [`${tier}: step ${index + 1} comes before step ${index}.`]
        : []),
      ...(step.channel === "*" || channels.includes(step.channel)
        ? []
        : [`${tier}: step ${index + 1} names the channel ${step.channel}, which is not configured.`]),
    ]),
    ...(isMinutes(repeat.everyMinutes, 1) ? [] : [`${tier}: the repetition wants whole minutes from 1 to 1,440.`]),
    ...(Number.isInteger(repeat.times) && repeat.times >= 0 && repeat.times <= 12
      ? []
      : [`${tier}: the repetition wants 0 to 12 times.`]),
  ]);
}

const isMinutes = (value: number, least: number) => Number.isInteger(value) && value >= least && value <= 1_440;

/** One tier's rule as a sentence, for those who read it. */
export function ruleWords({ when, steps, repeat }: Pick<TierRule, "when" | "steps" | "repeat">): string {
  if (when.length === 0) return "Hears of nothing.";
  const conditions = when.map(
    ({ severities, tags }) => `${joined(severities, "or")}${tags.length === 0 ? "" : ` with ${joined(tags, "or")}`}`,
  );
  const told = steps.map(({ channel, afterMinutes }) => {
    const where = channel === "*" ? "every channel" : channel;
    return afterMinutes === 0 ? `${where} at once` : `${where} after ${afterMinutes} min without an acknowledgement`;
  });
  const again =
    repeat.times === 0 || steps.length === 0
      ? ""
      : ` The last step is repeated every ${repeat.everyMinutes} min, at most ${repeat.times} ${repeat.times === 1 ? "time" : "times"}, while nobody acknowledges.`;
  return `${capital(joined(conditions, "or"))}: ${told.length === 0 ? "nobody" : told.join(", then ")}.${again}`;
}

const joined = (parts: readonly string[], word: string) =>
  parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} ${word} ${parts.at(-1)}`;
const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** True when the edited rules say something else than the saved ones. */
export const isChanged = (edited: Rules, saved: Rules) => JSON.stringify(edited) !== JSON.stringify(saved);
