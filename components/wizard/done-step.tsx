import { TimeStamp } from "@/components/lib/time-stamp";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted, settledBy, writtenSoFar } from "@/components/wizard/run-model";
import type { RunView } from "@/server/playbooks/schemas";

/** What the run came to, in figures that can be cited. */
export function DoneStep({ run }: { run: RunView }) {
  const { revoked, published } = writtenSoFar(run);
  const skipped = run.checklist.filter((item) => settledBy(item) === "skipped");
  const ended = run.stepTimes.done ?? run.stepTimes.abandoned ?? run.updatedAt;
  return (
    <Facts>
      <Fact name={run.state === "abandoned" ? "Abandoned" : "Finished"}>
        <TimeStamp at={ended} date="always" /> by {run.driver.name}
      </Fact>
      <Fact name="Subject">
        {run.subject.id} in {run.zone.name}
      </Fact>
      <Fact name="Reason given">{run.reason ?? "none: nothing was revoked"}</Fact>
      <Fact name="Written">
        {counted(revoked, "session")} revoked, {published.toLocaleString("en-GB")} published, in{" "}
        {counted(run.rounds.length, "round")}
      </Fact>
      <Fact name="Proof">{run.proof?.summary ?? "nothing was observed"}</Fact>
      <Fact name="Checklist">
        {run.checklist.length - skipped.length} of {run.checklist.length} done
        {skipped.map((item) => (
          <span key={item.id} className="block">
            Skipped: {item.label}, {item.skippedReason}
          </span>
        ))}
      </Fact>
    </Facts>
  );
}
