import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook } from "@/server/playbooks/guided/playbook";
import { auditLookedAt, capacityRead, lettersSorted } from "@/server/playbooks/guided/probe-audit-state";
import {
  causeMended,
  complianceToldOfLetters,
  gapKnown,
  honestOnesBack,
  lettersDownToRest,
} from "@/server/playbooks/guided/probe-letters-back";

const lettersPage = () => ({ label: "Open the dead letters", href: "/streams/caracal.audit.events.dlq" });
const onPage = (label: string, services: "logs" | "restart") => () => ({ label, services, kind: "audit" as const });

/** The dead letters of the audit stream grow. */
export const auditDeadLetters: Playbook = {
  ...catalogued("audit-dead-letters"),
  steps: [
    {
      id: "detect",
      title: "Look at audit and its dead letters",
      what: "Health, ready and counters of every audit replica, how far ingestion has read, and how many letters lie there. Nothing is lost while they lie there.",
      kind: "observe",
      probe: auditLookedAt,
      act: lettersPage,
    },
    {
      id: "logs",
      title: "Read audit's log",
      what: "Why inserts fail stands there in Postgres's own words. Write down what it says.",
      kind: "observe",
      wants: "reason",
      skippable: true,
      act: onPage("Read logs", "logs"),
      commands: () => [
        { title: "Logs, with compose", command: "docker compose logs --tail 200 audit" },
        { title: "Logs, in Kubernetes", command: "kubectl logs deployment/audit --tail=200" },
      ],
    },
    {
      id: "causes",
      title: "Tell the letters apart",
      what: "Honest events that an outage of Postgres or a drifted key sent here, signals about replayed mandates, conflicts, forgeries, faults. Only the first go back.",
      kind: "decide",
      probe: lettersSorted,
      skippable: true,
      act: lettersPage,
    },
    {
      id: "capacity",
      title: "See whether Postgres can take rows",
      what: "Rows ingested in five minutes, connections, locks, size, whether writes are switched off; and what our role may not see.",
      kind: "observe",
      probe: capacityRead,
      skippable: true,
      commands: () => [
        {
          title: "Slow statements, as an owner of the database",
          command: `psql "$CARACAL_DATABASE_URL" -c "SELECT pid, usename, state, wait_event_type, wait_event, now() - query_start AS since, left(query, 80) AS query FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' ORDER BY query_start LIMIT 20"`,
        },
        { title: "Free disk, where Postgres runs", command: "df -h" },
      ],
    },
    {
      id: "fix",
      title: "Confirm that the cause is mended",
      what: "Audit is ready, writes go through, everything that was published was settled, and no honest event was given up for half a minute. Redriving before that sends them here again.",
      kind: "verify",
      probe: causeMended,
      act: onPage("Restart audit", "restart"),
    },
    {
      id: "redrive",
      title: "Redrive the honest ones",
      what: "From the page of the dead letters: dry run, canary, then the rest. Done when the row of each is in audit_events with its content; a run that says it has ended proves nothing.",
      kind: "act",
      probe: honestOnesBack,
      holds: true,
      skippable: true, // what is gone or was tampered with never comes back, and compliance is to be told of it
      act: lettersPage,
    },
    {
      id: "zero",
      title: "Watch it go to zero",
      what: "No honest event is left, and no letter came for half a minute. What must not go back stays for who looks into it. Asked again when the run ends.",
      kind: "wait",
      probe: lettersDownToRest,
      holds: true,
      skippable: true,
      act: lettersPage,
    },
    {
      id: "compliance",
      title: "Tell compliance, when anything cannot be recovered",
      what: "Letters whose event is not recorded and will not be as it was. By name, with when and how.",
      kind: "manual",
      probe: complianceToldOfLetters,
      ticksOffered: true,
      checks: () => [{ item: "compliance", label: "Compliance was told" }],
    },
    {
      id: "gap",
      title: "Write down the gap",
      what: "Event ids and times of everything that lay among the letters while this run was open, and what became of each. It goes on the record with this step.",
      kind: "verify",
      probe: gapKnown,
    },
  ],
};
