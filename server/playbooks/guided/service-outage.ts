import { askReplicas } from "@/server/services/restarts/standing-now";
import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { GuidedRunRow, Playbook } from "@/server/playbooks/guided/playbook";
import { consumersHeard } from "@/server/playbooks/guided/probe-hearing";
import { impactKnown } from "@/server/playbooks/guided/probe-impact";
import { complianceTold, droppedCounted } from "@/server/playbooks/guided/probe-losses";
import { outageMeasured } from "@/server/playbooks/guided/probe-outage";
import {
  dependenciesThere,
  everyReplicaReady,
  everyReplicaServes,
  somethingDown,
} from "@/server/playbooks/guided/probe-services";
import { spoolsDrained } from "@/server/playbooks/guided/probes";
import type { GuidedCommand, ServiceAct } from "@/server/playbooks/guided/schemas";
import { isAbout, kindOf } from "@/server/playbooks/guided/service-replicas";

const onPage = (label: string, services: ServiceAct) => (run: GuidedRunRow) => ({ label, services, kind: kindOf(run) });
const ofSts = (run: GuidedRunRow) => isAbout(run, "sts");
const name = (run: GuidedRunRow) => kindOf(run) ?? "sts";
const by =
  (what: string, compose: string, kubernetes: string) =>
  (run: GuidedRunRow): GuidedCommand[] => [
    { title: `${what}, with compose`, command: compose.replaceAll("SERVICE", name(run)) },
    { title: `${what}, in Kubernetes`, command: kubernetes.replaceAll("SERVICE", name(run)) },
  ];

/** STS or any other service is degraded or down, one replica or all. */
export const serviceOutage: Playbook = {
  ...catalogued("service-outage"),
  async severityNow({ caracal }) {
    const asked = await askReplicas(caracal);
    return asked.length > 0 && asked.every(({ reading }) => !reading.ready) ? "P1" : "P2";
  },
  steps: [
    {
      id: "detect",
      title: "See what is down",
      what: "Every replica is asked itself. A high share of exchange errors is how this release behaves; a change of it is a sign.",
      kind: "observe",
      probe: somethingDown,
      skippable: true,
      commands: (run) => [
        { title: "Ask one yourself", command: `curl -sS -i "$CARACAL_${name(run).toUpperCase()}_URL/ready"` },
      ],
    },
    {
      id: "impact",
      title: "Know what keeps working, and until when",
      what: "Mandates that were handed out go on until they run out. The countdown stands above.",
      kind: "observe",
      probe: impactKnown,
      skippable: true,
    },
    {
      id: "logs",
      title: "Read the logs",
      what: "The last lines before it went say why. Write down what they say: a container that is recreated takes its log along.",
      kind: "observe",
      wants: "reason",
      skippable: true,
      act: onPage("Read logs", "logs"),
      commands: by("Logs", "docker compose logs --tail 200 SERVICE", "kubectl logs deployment/SERVICE --tail=200"),
    },
    {
      id: "dependencies",
      title: "Look at what it depends on",
      what: "Postgres and Redis, from here and as each replica says. While one of them is the reason, a restart makes it worse: an STS or gateway that starts without Redis never reads.",
      kind: "verify",
      probe: dependenciesThere,
      skippable: true,
    },
    {
      id: "restart",
      title: "Restart what is not ready",
      what: "One replica at a time, plainly: recreating an STS destroys what waits in its audit spool. Done when every replica is ready, whoever restarted it.",
      kind: "act",
      probe: everyReplicaReady,
      act: onPage("Restart a replica", "restart"),
      commands: by("Restart", "docker compose restart SERVICE", "kubectl rollout restart deployment/SERVICE"),
    },
    {
      id: "serve",
      title: "Verify that it serves",
      what: "Ready from every replica, and from every STS the keys that the rows hold: ready says nothing about the KEK. Asked again when the run ends.",
      kind: "verify",
      probe: everyReplicaServes,
      holds: true,
      act: onPage("Restart a replica", "restart"),
    },
    {
      id: "consumers",
      title: "Hear every consumer",
      what: "A replica that was started while Redis was away says ready and reads nothing, for ever. Revocations of a session that is revoked already are published until each replica took one.",
      kind: "verify",
      of: (run) => isAbout(run, "sts") || isAbout(run, "gateway"),
      probe: consumersHeard,
      skippable: true,
      act: onPage("Hear the consumers", "hear"),
    },
    {
      id: "spool",
      title: "Bring in what waits in audit spools",
      what: "Events that STS could not publish wait on that replica's disk until it restarts, and are lost if it is recreated. Done when each has replayed what was seen waiting.",
      kind: "verify",
      of: ofSts,
      probe: spoolsDrained,
      skippable: true, // of a replica that did not answer, only its log can tell
      act: onPage("Restart a replica", "restart"),
      commands: by(
        "One replica at a time",
        "docker compose restart SERVICE",
        "kubectl exec deployment/SERVICE -- sh -c 'ls \"$AUDIT_REPLAY_DIR\"'",
      ),
    },
    {
      id: "dropped",
      title: "Count what was dropped",
      what: "Events that could neither be published nor spooled are in no stream and no table. Counted over restarts.",
      kind: "verify",
      of: ofSts,
      probe: droppedCounted,
      skippable: true,
    },
    {
      id: "window",
      title: "Write down the outage window",
      what: "When each replica was away, to the second, as the console saw it itself. It goes on the record with this step.",
      kind: "verify",
      probe: outageMeasured,
      skippable: true,
    },
    {
      id: "compliance",
      title: "Tell compliance, when evidence was lost",
      what: "Only when events were dropped or a spool could not be proved. By name, with when and how.",
      kind: "manual",
      of: ofSts,
      probe: complianceTold,
      ticksOffered: true,
      checks: () => [{ item: "compliance", label: "Compliance was told" }],
    },
  ],
};
