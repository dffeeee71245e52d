import type { CommandLines } from "@/server/services/adapter/command-adapter";

export type KubernetesSettings = {
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly namespace: string;
  readonly spoolOnVolume: boolean; // AUDIT_REPLAY_DIR lies on a volume that outlives the pod
};

/**
 * Kubernetes: a target is a deployment or a stateful set. A rollout replaces its pods one after another, and what they kept in files goes
 * with them unless it lies on a volume (trap 17).
 */
export function kubernetesLines({ kubeconfig, context, namespace, spoolOnVolume }: KubernetesSettings): CommandLines {
  const base = [
    ...(kubeconfig === null ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === null ? [] : ["--context", context]),
    "--namespace",
    namespace,
  ];
  const kubectl = (...args: string[]) => ({ program: "kubectl", args: [...base, ...args] });
  return {
    kind: "kubernetes",
    keepsFiles: spoolOnVolume,
    environment: {},
    logs: (target, lines) =>
      kubectl("logs", "--all-pods=true", "--prefix", "--timestamps", `--tail=${lines}`, "--", target),
    restart: (target) => kubectl("rollout", "restart", "--", target),
    status: (target) => kubectl("rollout", "status", "--timeout=8s", "--", target),
    // What is not ready is given no requests: restarting it takes nothing away.
    runs: (target) => ({
      line: kubectl("get", "--output=jsonpath={.status.readyReplicas}", "--", target),
      saysSo: (text) => !/^0?$/.test(text.trim()),
    }),
  };
}
