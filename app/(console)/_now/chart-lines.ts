import type { ChartLine } from "@/components/charts/line-chart-data";
import { isDeadLetters } from "@/components/charts/stream-trouble";
import type { Snapshot } from "@/server/live/snapshot";
import { groupPendingKey, replicaMetricKey, streamLengthKey } from "./series-keys";

export type NowChart = {
  readonly id: "dead-letters" | "pending" | "denials" | "revocations";
  readonly title: string;
  readonly unit: string;
  readonly counter: boolean; // a rising count: drawn as its rate a minute
  readonly lines: readonly ChartLine[];
  readonly absent: string;
};

const most = 4;

/** Which lines the four charts of Now draw. At most four each, the fullest, in the order of their names so that none jumps. */
export function nowCharts(snapshot: Snapshot): readonly NowChart[] {
  const dead = snapshot.streams
    .filter((stream) => isDeadLetters(stream.name))
    .sort((left, right) => right.length - left.length)
    .slice(0, most);
  const reading = snapshot.streams
    .flatMap((stream) => stream.groups)
    .filter((group) => group.verdict !== "never-used")
    .sort((left, right) => right.pending - left.pending || left.group.localeCompare(right.group))
    .slice(0, most);
  const gateways = snapshot.replicas.filter((replica) => replica.kind === "gateway").slice(0, most);
  const byLabel = (lines: ChartLine[]) => lines.sort((left, right) => left.label.localeCompare(right.label));
  const perGateway = (metric: string) =>
    gateways.map((replica) => ({ key: replicaMetricKey(replica.id, metric), label: replica.id }));
  const noGateway = "No gateway address is set, so its counters cannot be read.";
  return [
    {
      id: "dead-letters",
      title: "Dead letters waiting",
      unit: "",
      counter: false,
      lines: byLabel(dead.map((stream) => ({ key: streamLengthKey(stream.name), label: stream.name }))),
      absent: "No dead-letter stream exists here.",
    },
    {
      id: "pending",
      title: "Pending: delivered, not acknowledged",
      unit: "",
      counter: false,
      lines: byLabel(reading.map((group) => ({ key: groupPendingKey(group.stream, group.group), label: group.group }))),
      absent: "No group has read anything here.",
    },
    {
      id: "denials",
      title: "Requests denied by the gateways",
      unit: "/min",
      counter: true,
      lines: perGateway("requests_denied"),
      absent: noGateway,
    },
    {
      id: "revocations",
      title: "Revoked sessions each gateway knows",
      unit: "",
      counter: false,
      lines: perGateway("revocations_active"),
      absent: noGateway,
    },
  ];
}
