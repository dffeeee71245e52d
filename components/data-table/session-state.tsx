import { Badge } from "@/components/ui/badge";
import type { SessionRow } from "@/server/sessions/schemas";

/** What a session's row means now. A row still marked active whose time is over says so (it counts as expired). */
export function SessionState({ row }: { row: Pick<SessionRow, "state" | "status"> }) {
  if (row.state === "live") return <Badge tone="accent">live</Badge>;
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Badge>{row.state}</Badge>
      {row.state === "expired" && row.status === "active" ? (
        <span className="text-xs text-muted-foreground">still marked active</span>
      ) : null}
    </span>
  );
}
