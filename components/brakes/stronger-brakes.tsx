import Link from "next/link";
import { requestHref } from "@/components/approvals/request-model";
import { replaceSecretHref } from "@/components/brakes/brake-links";
import { buttonStyle } from "@/components/ui/button";
import type { RunView } from "@/server/playbooks/schemas";

/**
 * For a run whose subject is an application: whoever holds its secret mints again at once, whatever was revoked (trap 20). The
 * two brakes that stop that, with the zone and the application filled in.
 */
export function StrongerBrakes({ run }: { run: Pick<RunView, "subject" | "zone" | "incidentId"> }) {
  if (run.subject.type !== "application") return null;
  return (
    <section
      aria-label="Stronger brakes"
      className="mt-4 flex flex-col gap-2 rounded-md border border-border-strong p-3"
    >
      <h3>Does somebody else know this application's secret?</h3>
      <p className="max-w-prose">
        Then revoking is not enough: the secret mints a new session at once. Replace it, or stop all minting in the zone
        until it is replaced.
      </p>
      <div className="flex flex-wrap gap-2">
        <Link
          href={replaceSecretHref({ zone: run.zone.id, application: run.subject.id, incident: run.incidentId })}
          className={buttonStyle("outline", "md", "max-sm:h-11 max-sm:w-full")}
        >
          Replace the secret
        </Link>
        <Link
          href={requestHref("freeze-zone", { zone: run.zone.id, incident: run.incidentId })}
          className={buttonStyle("outline", "md", "max-sm:h-11 max-sm:w-full")}
        >
          Freeze the zone
        </Link>
      </div>
      <p className="text-xs text-muted-foreground">
        Replacing takes one responder, freezing takes two people. A thaw puts back exactly what a freeze took.
      </p>
    </section>
  );
}
