import { formatClock } from "@/components/lib/duration";
import type { Json } from "@/server/approvals/approved-action";
import type { ApprovalState, ApprovalSummary, ApprovalView } from "@/server/approvals/schemas";

export const stateWords: Readonly<Record<ApprovalState, string>> = {
  pending: "Waits for votes",
  approved: "Approved, not executed",
  denied: "Denied",
  cancelled: "Cancelled",
  expired: "Expired",
  void: "Void",
  executed: "Executed",
};

/** True while votes or an execution can still change something. */
export const isOpen = (approval: Pick<ApprovalSummary, "state">) =>
  approval.state === "pending" || approval.state === "approved";

export type TimeLeft = { readonly over: boolean; readonly words: string };

/**
 * What is left of a request's time, counted down by the page's clock, which follows the server's. `now` in epoch ms, null while
 * the server renders. Zero means over: the database then refuses votes, whatever this page still shows.
 */
export function timeLeft(approval: Pick<ApprovalSummary, "state" | "expiresAt">, now: number | null): TimeLeft {
  if (!isOpen(approval)) return { over: true, words: "over" };
  const left = Date.parse(approval.expiresAt) - (now ?? Date.parse(approval.expiresAt));
  if (now === null) return { over: false, words: "" };
  if (left <= 0) return { over: true, words: "run out: ask again" };
  return { over: false, words: `${formatClock(left, "down").replace(/^00:/, "")} left` };
}

/** "1 of 2 votes": how many of the needed votes count now. Votes without the one that security has to give are not enough, however many. */
export function voteProgress({
  votes,
  votesNeeded,
  lacksSecurity,
}: Pick<ApprovalSummary, "votes" | "votesNeeded" | "lacksSecurity">): string {
  const needed = lacksSecurity ? Math.max(votesNeeded, votes + 1) : votesNeeded;
  const said = `${votes} of ${needed} ${needed === 1 ? "vote" : "votes"}`;
  if (!lacksSecurity) return said;
  return votes === 0
    ? `${said}, ${needed === 1 ? "from" : "one of them from"} security`
    : `${said}: security's vote is still missing`;
}

const mineWords: Readonly<Record<ApprovalSummary["mine"], string>> = {
  requester: "You asked for it, so somebody else votes",
  "may-vote": "You may vote",
  voted: "You have voted",
  none: "Not yours to vote on",
};

/** Where the viewer stands to a request, in the queue's few words. What has ended asks nothing of anybody. */
export function mineInQueue(approval: Pick<ApprovalSummary, "mine" | "state">): string {
  if (!isOpen(approval)) return approval.mine === "requester" ? "You asked for it" : "–";
  if (approval.state === "approved" && approval.mine === "requester") return "Approved: you may execute it";
  return mineWords[approval.mine];
}

/** Where the execution of a request can be watched, by what its action says that it started: "run:<id>", "restart:<id>". */
export function startedLink(
  ref: string,
  parameters: Json = null,
): { readonly href: string; readonly label: string } | null {
  const [kind, id] = ref.split(":", 2);
  if (id === undefined || id === "") return null;
  if (kind === "run") return { href: `/playbooks/runs/${encodeURIComponent(id)}`, label: "Open the run it started" };
  if (kind === "runs")
    return { href: `/playbooks/fleet/${encodeURIComponent(id)}`, label: "Open the runs it started, one for each zone" };
  if (kind === "freeze") return { href: `/brakes/${encodeURIComponent(id)}`, label: "Open the freeze it started" };
  if (kind === "key-job") return { href: `/keys/jobs/${encodeURIComponent(id)}`, label: "Open the key job it started" };
  if (kind === "restart")
    return { href: `/playbooks/restarts/${encodeURIComponent(id)}`, label: "Open the restart it started" };
  if (kind === "outbox-requeue") return { href: "/streams/outbox", label: "Open the outboxes" };
  if (kind === "stream-act") {
    const stream = streamOf(parameters);
    return stream === null
      ? null
      : { href: `/streams/${encodeURIComponent(stream)}`, label: "Open the stream it was done in" };
  }
  if (kind === "redrive") return { href: `/streams/redrives/${encodeURIComponent(id)}`, label: "Open what it started" };
  return null;
}

const streamOf = (parameters: Json): string | null =>
  typeof parameters === "object" &&
  parameters !== null &&
  "stream" in parameters &&
  typeof parameters.stream === "string"
    ? parameters.stream
    : null;

/** What stands between an approved request and its execution; empty when the viewer may execute it now. */
export function executionLacks(view: Pick<ApprovalView, "may" | "changed" | "changedUnknown">): readonly string[] {
  return [view.may.execute, view.changed === null ? null : "what was frozen is not what is there now"].filter(
    (part) => part !== null,
  );
}
