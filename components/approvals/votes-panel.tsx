import { voteProgress } from "@/components/approvals/approval-words";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Badge } from "@/components/ui/badge";
import type { ApprovalView, VoteView } from "@/server/approvals/schemas";

/** Every vote with its comment, and whether it counts now: a voter who lost the role no longer does. */
export function VotesPanel({ view }: { view: ApprovalView }) {
  return (
    <Panel
      title="Votes"
      note={voteProgress(view)}
      state={view.voteList.length === 0 ? { kind: "empty", sentence: "Nobody has voted yet." } : undefined}
    >
      <ul className="flex flex-col">
        {view.voteList.map((vote) => (
          <Vote key={`${vote.voter.id} ${vote.castAt}`} vote={vote} />
        ))}
      </ul>
    </Panel>
  );
}

function Vote({ vote }: { vote: VoteView }) {
  return (
    <li className="flex flex-col gap-0.5 border-b px-3 py-2 last:border-0">
      <p className="flex flex-wrap items-center gap-x-2">
        <span className="font-medium">{vote.voter.name}</span>
        <span className="text-muted-foreground">{vote.voter.roles.join(", ")}</span>
        <Badge tone={vote.withdrawnAt !== null ? "neutral" : vote.vote === "approve" ? "ok" : "strong"}>
          {vote.vote === "approve" ? "approves" : "denies"}
        </Badge>
        <TimeStamp at={vote.castAt} />
      </p>
      {vote.comment === "" ? null : <p className="max-w-prose break-words">{vote.comment}</p>}
      {vote.withdrawnAt !== null ? (
        <p className="text-muted-foreground">
          Taken back <TimeStamp at={vote.withdrawnAt} />
        </p>
      ) : (
        <p className="text-muted-foreground">
          {vote.counts ? "Counts" : `Does not count: ${vote.whyNot ?? "no reason"}`}
        </p>
      )}
    </li>
  );
}
