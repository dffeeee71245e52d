import type { ReplicaState, ServiceKind } from "@/server/live/snapshot";
import { flattenMetrics } from "@/server/caracal/services/flatten-metrics";

/** What one request to a replica gave: an answer, or why there was none ("connection refused", "no answer within 2 s"). */
export type Answer = { readonly status: number; readonly body: string } | { readonly failed: string };
export type Answers = { readonly health: Answer; readonly ready: Answer; readonly metrics: Answer };

export type ReplicaReading = Pick<
  ReplicaState,
  "reachable" | "ready" | "readyReason" | "healthy" | "healthReason" | "metricsStatus"
> & { readonly metrics: Readonly<Record<string, number>> | null; readonly refused: boolean };

// One answer says no more than this: what makes it an idle zone is for who knows the group (guided/audit-ingestion.ts).
const quietAudit =
  "consumer unhealthy: dead, or idle since Redis was away; what audit-ingestor has unread or not settled tells which";

/** Puts a replica's three answers into words and numbers, as contract section 1 explains them. Pure. */
export function readReplica(kind: ServiceKind, answers: Answers): ReplicaReading {
  const ready = readyOf(answers.ready);
  const health = readyOf(answers.health);
  const quiet = kind === "audit" && ready.ok && !health.ok && health.reason?.startsWith("consumer unhealthy") === true;
  const { metrics, metricsStatus } = readMetrics(answers.metrics);
  const all = [answers.ready, answers.health, answers.metrics];
  return {
    reachable: all.some((answer) => "status" in answer),
    refused: all.every((answer) => "failed" in answer && answer.failed === "connection refused"),
    ready: ready.ok,
    readyReason: ready.reason,
    healthy: health.ok,
    healthReason: quiet ? quietAudit : health.reason,
    metrics,
    metricsStatus,
  };
}

/** Whether an answer of /ready or /health is a yes, and else why not, in the service's words. Pure. */
export function readyOf(answer: Answer): { readonly ok: boolean; readonly reason: string | null } {
  if ("failed" in answer) return { ok: false, reason: answer.failed };
  if (answer.status === 200) return { ok: true, reason: null };
  return { ok: false, reason: wordsOf(answer.body) ?? `answered ${answer.status}` };
}

/** The reason in the service's own words: plain text, or `error` / `draining` of its JSON. */
function wordsOf(body: string): string | null {
  const text = body.trim().slice(0, 300);
  if (text === "") return null;
  const json = parseJson(text);
  if (typeof json !== "object" || json === null) return text;
  if ("draining" in json && json.draining === true) return "draining";
  if ("error" in json && typeof json.error === "string") return json.error;
  return text;
}

function readMetrics(answer: Answer): Pick<ReplicaReading, "metrics" | "metricsStatus"> {
  if ("failed" in answer) return { metrics: null, metricsStatus: "failed" };
  if (answer.status === 404) return { metrics: null, metricsStatus: "none" }; // the API has none
  if (answer.status === 401 || answer.status === 403) return { metrics: null, metricsStatus: "no-token" };
  const json = answer.status === 200 ? parseJson(answer.body) : undefined;
  if (typeof json !== "object" || json === null) return { metrics: null, metricsStatus: "failed" };
  return { metrics: flattenMetrics(json), metricsStatus: "ok" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
