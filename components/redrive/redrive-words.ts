import { formatDuration } from "@/components/lib/duration";
import type { LetterClass, LetterGroup, RedriveEntry, RedriveRun } from "@/server/redrive/schemas";

/** What each class is called, and what becomes of its letters in a redrive. Only `goes` of "back" and "retired" can be chosen. */
export const classWords: Readonly<
  Record<LetterClass, { readonly label: string; readonly goes: "back" | "retired" | "stays"; readonly fate: string }>
> = {
  "security-signal": {
    label: "Security signals",
    goes: "stays",
    fate: "Stay, to be read: somebody presented a mandate again. They are never signed by us silently.",
  },
  conflict: {
    label: "Conflicts",
    goes: "stays",
    fate: "Stay: evidence of tampering. They cannot go back, whatever is clicked.",
  },
  missing: {
    label: "Missing",
    goes: "back",
    fate: "Go back as they were; each is retired once its arrival is proved.",
  },
  recorded: { label: "Recorded already", goes: "retired", fate: "Are retired: what they hold is recorded, unchanged." },
  "bad-signature": {
    label: "Bad signatures",
    goes: "stays",
    fate: "Stay: they would be refused again. Signing one anew takes two people.",
  },
  unreadable: { label: "Unreadable", goes: "stays", fate: "Stay: there is nothing that could be read again." },
  refused: { label: "Refused by Postgres", goes: "stays", fate: "Stay: Postgres refuses them for good, as they are." },
  quarantined: {
    label: "Quarantined",
    goes: "stays",
    fate: "Stay: they went back three times and returned. Find out why first.",
  },
};

export const isOver = (run: Pick<RedriveRun, "state">): boolean =>
  run.state === "finished" || run.state === "cancelled";
const number = (value: number) => value.toLocaleString("en-GB");
const count = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export function runTitle(run: Pick<RedriveRun, "kind" | "state" | "digest">): string {
  if (run.kind === "discard") return "Discard of dead letters";
  if (run.kind === "re-sign") return "Event signed anew";
  return run.digest === null ? "List of dead letters" : "Redrive of dead letters";
}

export function stateWords(run: Pick<RedriveRun, "state" | "cancelAsked" | "digest" | "pause">): string {
  if (run.cancelAsked && !isOver(run)) return "ending";
  if (run.state === "classifying") return "being listed";
  if (run.state === "planned") return "ready, nothing moved yet";
  if (run.state === "paused") return run.pause?.by == null ? "stopped by itself" : "paused";
  if (run.state === "cancelled" && run.digest === null) return "dropped";
  return run.state;
}

/** What a dry run comes to: "1,204 go back, 31 are retired, 17 stay." */
export function dryRunWords(groups: readonly LetterGroup[]): string {
  const sum = (goes: "back" | "retired" | "stays") =>
    groups.filter((group) => classWords[group.class].goes === goes).reduce((total, group) => total + group.count, 0);
  const [back, retired, stays] = [sum("back"), sum("retired"), sum("stays")];
  if (back + retired === 0)
    return `None of them can go back or be retired: ${stays === 1 ? "the one letter stays" : `all ${number(stays)} stay`}.`;
  return `${back === 1 ? "1 can go back" : `${number(back)} can go back`}, ${retired === 1 ? "1 can be retired" : `${number(retired)} can be retired`}, ${stays === 1 ? "1 stays" : `${number(stays)} stay`}.`;
}

/** How far a run is, in one sentence. */
export function progressWords(run: RedriveRun): string {
  if (run.state === "classifying") return `${count(run.entries, "letter")} kept and classified so far.`;
  if (run.state === "planned")
    return `${count(run.entries, "letter")} kept and classified. Nothing is moved until it is started.`;
  if (run.digest === null) return "Dropped before it was started. Nothing was moved.";
  const chosen = run.chosen ?? 0;
  const failed = run.failed === 0 ? "none failed" : `${number(run.failed)} failed`;
  const said = `${number(run.retired)} of ${number(chosen)} retired, ${failed}`;
  if (isOver(run)) {
    const left = chosen - run.retired - run.failed;
    return `${said}${left > 0 ? `, ${number(left)} not touched` : ""}.`;
  }
  const rate = run.perSecond === null ? "" : ` · ${number(Math.round(run.perSecond * 10) / 10)}/s`;
  const left =
    run.perSecond === null || run.state !== "running"
      ? ""
      : ` · ${formatDuration(((chosen - run.retired - run.failed) / run.perSecond) * 1_000)} left`;
  return `${said}${rate}${left}`;
}

const couldWords = { back: "can go back", retired: "can be retired", stays: "stays" } as const;

/** What was done with an entry, in a word or two; of one that nobody has started yet (`planned`) what can be. */
export function entryStateWords(entry: Pick<RedriveEntry, "state" | "action" | "class">, planned = false): string {
  switch (entry.state) {
    case "listed": {
      const { goes } = classWords[entry.class];
      return planned || goes === "stays" ? couldWords[goes] : "not chosen";
    }
    case "waiting":
      return "waits";
    case "added":
      return "added, not seen yet";
    case "confirmed":
      return "arrived";
    case "retired":
      return entry.action === "discard" ? "discarded" : "retired";
    case "failed":
      return "failed";
  }
}

export const redriveHref = (runId: string): string => `/streams/redrives/${runId}`;
