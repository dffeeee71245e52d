import { TimeStamp } from "@/components/lib/time-stamp";
import { Fact, Facts } from "@/components/wizard/facts";
import { tookWords, type Verdict, verdictWords } from "@/server/playbooks/guided/reports.schemas";

/** A verdict as it was proposed or given. */
export function VerdictFacts({ verdict, because = [] }: { verdict: Verdict; because?: readonly string[] }) {
  return (
    <Facts>
      <Fact name="Verdict">
        {verdictWords[verdict.verdict]}, {verdict.confidence}
      </Fact>
      {verdict.notBefore === null && verdict.notAfter === null ? null : (
        <Fact name="Since when">
          between{" "}
          {verdict.notBefore === null ? (
            "an unknown time"
          ) : (
            <TimeStamp at={verdict.notBefore} show="time" date="always" />
          )}{" "}
          and{" "}
          {verdict.notAfter === null ? (
            "an unknown time"
          ) : (
            <TimeStamp at={verdict.notAfter} show="time" date="always" />
          )}
        </Fact>
      )}
      <Fact name="What it took">{tookWords[verdict.took]}</Fact>
      {because.length === 0 ? null : <Fact name="Because">{because.join(" ")}</Fact>}
    </Facts>
  );
}
