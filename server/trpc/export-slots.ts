import { DomainError } from "@/server/platform/errors";

const mostAtOnce = { person: 2, all: 6 }; // of one replica: each holds a transaction or a file
const underWay = new Map<string, number>();

/** Takes one of the places for exports; what it gives frees it, once. @throws rate_limited when too many are being made */
export function takeSlot(personId: string): () => void {
  const own = underWay.get(personId) ?? 0;
  const all = [...underWay.values()].reduce((sum, count) => sum + count, 0);
  if (own >= mostAtOnce.person || all >= mostAtOnce.all)
    throw new DomainError(
      "rate_limited",
      own >= mostAtOnce.person
        ? `${own} exports of yours are being made. Wait until one of them is there.`
        : "Several exports are being made by others. Try again in a minute.",
    );
  underWay.set(personId, own + 1);
  let taken = true;
  return () => {
    if (!taken) return;
    taken = false;
    const left = (underWay.get(personId) ?? 1) - 1;
    if (left === 0) underWay.delete(personId);
    else underWay.set(personId, left);
  };
}
