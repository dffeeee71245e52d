import type { EntryFate } from "@/server/caracal/streams/pending-acts";
import type { ActRow } from "@/server/streams/acts/act-row";

const entries = (count: number) => `${count.toLocaleString("en-US")} pending ${count === 1 ? "entry" : "entries"}`;

const fateWords: Readonly<Record<EntryFate, string>> = {
  claimed: "claimed",
  "claimed-back": "given back",
  already: "there already",
  busy: "left: held for too short a time",
  gone: "left: payload trimmed",
  elsewhere: "left: somebody else holds it by now",
  acked: "acknowledged",
  "not-pending": "no longer pending",
  "not-proved": "left: no longer proved",
};

/** An act in a sentence, as it was ordered and as it ended. Pure. */
export function actWords(act: Pick<ActRow, "kind" | "ids" | "group_name" | "stream" | "consumer" | "result">): {
  readonly ordered: string;
  readonly ended: string | null;
} {
  const where = `of ${act.group_name} in ${act.stream}`;
  switch (act.kind) {
    case "claim":
      return { ordered: `Claim of ${entries(act.ids.length)} ${where} to ${act.consumer} ordered`, ended: ended(act) };
    case "claim-back":
      return {
        ordered: `Return of ${entries(act.ids.length)} ${where} to their former consumers ordered`,
        ended: ended(act),
      };
    case "ack":
      return { ordered: `Acknowledgement of ${entries(act.ids.length)} ${where} ordered`, ended: ended(act) };
    case "destroy-consumer":
      return { ordered: `Removal of the empty consumer ${act.consumer} ${where} ordered`, ended: consumerEnd(act) };
  }
}

function ended({ result }: Pick<ActRow, "result">): string | null {
  if (result === null || !("fates" in result)) return null;
  const counts = new Map<EntryFate, number>();
  for (const fate of Object.values(result.fates)) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  return [...counts].map(([fate, count]) => `${count.toLocaleString("en-US")} ${fateWords[fate]}`).join(", ");
}

function consumerEnd({ result, consumer }: Pick<ActRow, "result" | "consumer">): string | null {
  if (result === null || !("consumer" in result)) return null;
  const { fate, figure } = result.consumer;
  switch (fate) {
    case "destroyed":
      return `${consumer} removed: it held nothing and had been silent for ${Math.floor(figure / 1_000)} s`;
    case "absent":
      return `${consumer} is not there`;
    case "holds":
      return `${consumer} was left: it holds ${entries(figure)}, which would be lost with it`;
    case "alive":
      return `${consumer} was left: it asked ${Math.floor(figure / 1_000)} s ago, so it is alive`;
  }
}
