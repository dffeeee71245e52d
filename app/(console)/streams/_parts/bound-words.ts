import type { StreamState } from "@/server/live/snapshot";

const count = new Intl.NumberFormat("en");
const slack = 1.1; // MAXLEN ~ leaves whole nodes: up to some hundred entries more than it says

export type BoundWords = { readonly text: string; readonly drift: boolean; readonly meaning: string };

/**
 * The bound meant for a stream (contract section 3) against the one a trim has shown. Only the API (about 100,000) and the coordinator
 * trim; everything else grows until somebody trims it. Null: no bound is meant and none was seen. Pure.
 */
export function boundWords(stream: Pick<StreamState, "bound" | "boundSeen" | "length">): BoundWords | null {
  const { bound, boundSeen, length } = stream;
  const seen = boundSeen === null ? null : `trimmed at about ${count.format(boundSeen.entries)}`;
  if (bound === null)
    return seen === null
      ? null
      : { text: seen, drift: false, meaning: "No bound is meant for this stream; whoever adds to it trims it." };
  const meant = `bound ${count.format(bound)}`;
  if (boundSeen !== null && boundSeen.entries > bound * slack)
    return {
      text: `${seen}, meant ${count.format(bound)}`,
      drift: true,
      meaning: "Whoever adds to it keeps more than is meant. Nothing is lost by that; it costs memory.",
    };
  if (boundSeen !== null && boundSeen.entries < bound / slack)
    return {
      text: `${seen}, meant ${count.format(bound)}`,
      drift: true,
      meaning: "It is trimmed sooner than is meant: a group that is behind loses entries earlier.",
    };
  if (boundSeen === null && length > bound)
    return {
      text: `over its ${meant}, no trim seen`,
      drift: true,
      meaning: "Nothing trims it by itself. Before anyone does: every group must have read what goes, or it is lost.",
    };
  return { text: seen === null ? `${meant}, no trim seen` : meant, drift: false, meaning: "As meant." };
}
