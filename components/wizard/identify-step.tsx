import Link from "next/link";
import { CopyText } from "@/components/lib/copy-text";
import { Fact, Facts } from "@/components/wizard/facts";
import type { RunView } from "@/server/playbooks/schemas";

const origins: Readonly<Record<string, string>> = {
  session: "Session",
  subject: "Subject, named by hand",
  event: "Audit event",
  approval: "Approval of two people",
};

/** Whose sessions this run is about, and what led there. */
export function IdentifyStep({ run }: { run: RunView }) {
  return (
    <div className="flex flex-col gap-3">
      <Facts>
        <Fact name={run.scope.kind === "subject" ? "Subject" : "Subjects"}>
          {run.scope.kind === "subject" ? (
            <>
              <CopyText text={run.subject.id} what="subject" whole />{" "}
              <span className="text-muted-foreground">{run.subject.type}</span>
            </>
          ) : (
            run.subject.id
          )}
        </Fact>
        <Fact name="Zone">
          {run.zone.name} <CopyText text={run.zone.id} what="zone" />
        </Fact>
        <Fact name="Started from">
          {run.scope.approvalId === null ? (
            <>
              {origins[run.startedFrom.kind] ?? run.startedFrom.kind}{" "}
              <CopyText text={run.startedFrom.id} what="origin" />
            </>
          ) : (
            <Link href={`/approvals/${run.scope.approvalId}`} className="text-accent underline underline-offset-2">
              What two people approved
            </Link>
          )}
        </Fact>
      </Facts>
      {run.startedFrom.kind === "event" ? (
        <p className="max-w-prose text-muted-foreground">
          An audit event names no subject and no session. The session was picked because its time lies within
          milliseconds of the event: likely, not certain. Check it before you go on.
        </p>
      ) : null}
      <p className="max-w-prose">
        {run.scope.kind === "subject"
          ? "Everything that follows concerns this one subject in this one zone. Nothing has been changed yet."
          : "What follows is what two people agreed on: the frozen list first, then whatever of the same scope was minted meanwhile."}
      </p>
    </div>
  );
}
