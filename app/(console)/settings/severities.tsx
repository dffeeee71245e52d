import { severityGuide } from "@/components/incidents/severity-guide";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { severities } from "@/server/platform/severity";

/** What the four severities mean here. */
export function Severities() {
  return (
    <Panel title="Severities" note="Each has its own shape, label and colour, and they mean nothing else">
      <dl className="flex flex-col gap-2 px-3 py-3">
        {severities.map((severity) => (
          <div key={severity} className="grid grid-cols-[3rem_1fr] gap-x-3">
            <dt>
              <SeverityMark severity={severity} />
            </dt>
            <dd className="max-w-prose">
              {severityGuide[severity].when}
              <span className="block text-muted-foreground">{severityGuide[severity].examples}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
