"use client";

import { timeLeft } from "@/components/approvals/approval-words";
import { utcStamp } from "@/components/lib/utc";
import { useNow } from "@/components/live/now";
import type { ApprovalSummary } from "@/server/approvals/schemas";

/** How long a request still stands, by the server's time, with the moment it ends. A screen reader is not told every second. */
export function Countdown({
  approval,
  until = false,
}: {
  approval: Pick<ApprovalSummary, "state" | "expiresAt">;
  until?: boolean;
}) {
  const now = useNow();
  const left = timeLeft(approval, now);
  return (
    <span className="inline-block min-w-[5.5rem] whitespace-nowrap tabular-nums" aria-live="off">
      <span className={left.over ? "text-muted-foreground" : "font-medium"}>{left.words}</span>
      {until ? (
        <span className="text-muted-foreground"> · until {utcStamp(Date.parse(approval.expiresAt), now)}</span>
      ) : null}
    </span>
  );
}
