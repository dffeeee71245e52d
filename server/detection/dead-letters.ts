import { isDeadLetterStream } from "@/server/caracal/streams/expected-streams";
import { redisSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, streamPage } from "@/server/detection/words";

const windowMs = 5 * 60_000;

/** A dead-letter stream that is not empty, or grows by its length or by the counter since restart (P2; traps 11 and 13). */
export function deadLetters(facts: Facts): readonly Finding[] {
  return facts.streams
    .filter((stream) => isDeadLetterStream(stream.name) && stream.length > 0)
    .map((stream): Finding => {
      const series = `stream:${stream.name}:added`;
      const rise = facts.history.increase(series, windowMs, facts.now) ?? 0;
      const byCounter = stream.name.endsWith(".dlq") ? counterRise(facts) : 0;
      const grown = Math.max(rise, byCounter);
      const sample = facts.deadLetters.find((one) => one.stream === stream.name);
      const replayed = sample?.securitySignals ?? 0;
      const ofThem =
        sample === undefined || replayed === 0
          ? ""
          : sample.sampled >= stream.length
            ? `, ${replayed} are replayed mandates`
            : `, ${replayed} of the newest ${sample.sampled} are replayed mandates`;
      return {
        key: `dlq:${stream.name}`,
        rule: grown > 0 ? "dlq-growing" : "dlq-not-empty",
        severity: "P2",
        source: redisSource,
        settleMs: 10_000,
        sentence:
          grown > 0
            ? `Dead letters growing in ${stream.name}: ${stream.length.toLocaleString("en-US")}, +${grown.toLocaleString("en-US")} in the last 5 minutes${ofThem}`
            : `${counted(stream.length, "dead letter")} in ${stream.name}${ofThem}`,
        meaning:
          replayed > 0
            ? "Replayed mandates always land here unsigned: read them as security signals about stolen or repeated mandates, apart from the faults. Nothing here is noise until it was read."
            : "These events are not in the audit trail yet. Read them by cause before anything is redriven; nothing is lost while they stay here.",
        figures: [
          { name: "entries", value: stream.length, source: `XLEN ${stream.name}` },
          { name: "added in 5 minutes", value: grown, source: "entries-added, dlq_total" },
          ...(sample === undefined
            ? []
            : [
                {
                  name: "replayed mandates",
                  value: replayed,
                  unit: `of the newest ${sample.sampled}`,
                  source: `XREVRANGE ${stream.name}`,
                },
                ...Object.entries(sample.causes).map(([cause, count]) => ({
                  name: cause,
                  value: count,
                  source: `XREVRANGE ${stream.name}`,
                })),
              ]),
        ],
        series: `stream:${stream.name}:length`,
        action:
          grown > 0 && stream.name === "caracal.audit.events.dlq"
            ? { label: "Audit DLQ playbook", href: "/playbooks/guided/new?playbook=audit-dead-letters" }
            : { label: "Read the dead letters", href: streamPage(stream.name) },
      };
    });
}

function counterRise(facts: Facts): number {
  const audits = facts.replicas.filter((replica) => replica.kind === "audit");
  return audits.reduce(
    (sum, { id }) => sum + (facts.history.increase(`replica:${id}:dlq_total`, windowMs, facts.now) ?? 0),
    0,
  );
}
