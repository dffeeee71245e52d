import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { severities, type Severity } from "@/server/platform/severity";

const meanings: Readonly<Record<Severity, string>> = {
  P1: "Act now. What Caracal protects is open or its record is broken: every replica of a service down, a broken chain, a signing key that cannot be opened.",
  P2: "Act within the hour. Containment or evidence is at risk: dead letters, a revocation backlog, one service not ready, a deaf consumer.",
  P3: "Look today. Something slowed down or restarted: an old pending entry, a counter that fell, an export behind.",
  P4: "Look when there is time. Drift from what was set up: a missing group, an eviction policy, a stream over its bound.",
};

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
            <dd className="max-w-prose">{meanings[severity]}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
