import type { NewestMandates } from "@/server/caracal/newest-mandates";
import type { AboutService, ServiceKind } from "@/server/playbooks/guided/schemas";
import type { Exposure } from "@/server/playbooks/schemas";

export type ImpactFacts = {
  readonly now: number;
  readonly service: AboutService;
  readonly mandates: NewestMandates;
  readonly noneSince: ReadonlyMap<ServiceKind, number>; // since when no replica of it is ready, epoch ms; absent: one is
};

const minute = 60_000;

/** What is not done while no replica of a service is ready, in a sentence. */
export const stops: Readonly<Record<ServiceKind, string>> = {
  sts: "No mandate is minted, and no call passes a gateway, since it asks STS for each.",
  gateway: "No call passes a gateway. Mandates are minted, and resource servers that are called directly go on.",
  api: "Nothing is administered, and no event of the outbox is dispatched by it: revocations through the API wait.",
  audit: "Nothing is ingested. Events wait in the stream and are not lost while it is kept.",
  coordinator: "No agent session begins, and its events wait in its outbox.",
};

/**
 * How the services of a run stand: what has stopped, or that each is ready somewhere, and of which that cannot be told since no address of
 * it is set here. Pure.
 */
export function standWords(
  about: readonly ServiceKind[],
  addressed: ReadonlySet<ServiceKind>,
  stopped: readonly ServiceKind[],
): string {
  const unseen = about.filter((kind) => !addressed.has(kind));
  const seen =
    stopped.length > 0
      ? stopped.map((kind) => stops[kind])
      : addressed.size > 0
        ? [`A replica of ${addressed.size > 1 ? "each" : "it"} is ready, so that it is slower at most.`]
        : [];
  const told =
    unseen.length === 0
      ? []
      : [`Of ${unseen.join(", ")} no address is set here: whether a replica is ready cannot be told.`];
  return [...seen, ...told].join(" ");
}

/**
 * What keeps working without the service, why, and until when (contract section 1): mandates run out where they are only checked, and the
 * keys they are checked with run out of verifiers' caches. Pure.
 */
export function serviceImpact({ now, service, mandates, noneSince }: ImpactFacts): Exposure[] {
  if (service !== "sts" && service !== "all") return [];
  const items: Exposure[] = [];
  const add = (id: string, what: string, why: string, until: number | null) => {
    if (until !== null && until > now) items.push({ id, what, why, from: now, until });
  };
  add(
    "per-call",
    "Per-call mandates that were handed out",
    "They are checked by their signature, and live 15 minutes at most. Read from the newest sessions rows.",
    mandates.perCall,
  );
  add(
    "ambient",
    "Ambient mandates that were handed out",
    "They live 60 minutes at most; without STS they mint nothing. Read from the newest sessions rows.",
    mandates.ambient,
  );
  const gone = noneSince.get("sts");
  if (gone !== undefined) {
    add(
      "keys-5",
      "Checking mandates in gateways and most SDKs",
      "They keep STS's keys for 5 minutes after they last fetched them.",
      gone + 5 * minute,
    );
    add("keys-10", "Checking mandates in the coordinator", "It keeps STS's keys for 10 minutes.", gone + 10 * minute);
  }
  return items;
}
