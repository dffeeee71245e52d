import { Lock } from "lucide-react";
import { Badge } from "@/components/ui/badge";

/** What must be known before reading on: who may see it, and whether it is real. */
export function IncidentFlags({ restricted, drill }: { restricted: boolean; drill: boolean }) {
  return (
    <>
      {restricted ? (
        <Badge tone="strong" title="Open to its responders, security and admin only">
          <Lock aria-hidden className="size-3" /> Restricted
        </Badge>
      ) : null}
      {drill ? <Badge tone="strong">Drill: not a real incident</Badge> : null}
    </>
  );
}
