import { X } from "lucide-react";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { RunRound } from "@/server/playbooks/schemas";

const kinds: Readonly<Record<RunRound["kind"], string>> = {
  revoke: "Revoke",
  "second-sweep": "Second sweep",
  "publish-again": "Publish again",
};
const states: Readonly<Record<RunRound["state"], string>> = {
  queued: "waiting for a worker",
  running: "at work",
  finished: "finished",
  failed: "stopped",
};

/** Each time the run wrote or published: by whom, over which lane, and how far it came. */
export function RoundsList({ rounds }: { rounds: readonly RunRound[] }) {
  if (rounds.length === 0) return null;
  return (
    <ol className="flex flex-col gap-1">
      {rounds.map((round) => (
        <li key={round.round} className="flex flex-wrap gap-x-2">
          <span className="font-medium">
            Round {round.round}, {kinds[round.kind].toLowerCase()}: {states[round.state]}
          </span>
          <span>
            {round.kind === "publish-again" ? "" : `${round.revoked.toLocaleString("en-GB")} revoked, `}
            {round.published.toLocaleString("en-GB")} of {round.targets.toLocaleString("en-GB")} published
          </span>
          <span className="text-muted-foreground">
            {round.lane === "fast" ? "by the console" : "by the API's lane"} · {round.requestedBy} ·{" "}
            <TimeStamp at={round.startedAt} show="time" />
          </span>
          {round.error === null ? null : (
            <span className="flex basis-full items-start gap-1.5 font-medium">
              <X aria-hidden className="mt-[0.2rem] size-3.5 shrink-0" strokeWidth={3} />
              <span className="min-w-0 break-words">{round.error}</span>
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
