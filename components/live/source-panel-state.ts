import type { ReactNode } from "react";
import type { PanelState } from "@/components/lib/panel";
import type { Snapshot } from "@/server/live/snapshot";

/** The panel state of figures that come from one source of the snapshot: stale keeps the last known, never shows zero. */
export function sourcePanelState(
  snapshot: Snapshot,
  sourceId: string,
  empty: { readonly when: boolean; readonly sentence: ReactNode },
): PanelState {
  const source = snapshot.sources.find((candidate) => candidate.id === sourceId);
  if (source === undefined || source.status === "never")
    return source?.reason
      ? { kind: "failed", reason: `${source.label} has not answered yet: ${source.reason}. The console keeps trying.` }
      : { kind: "loading", rows: 5 };
  if (source.status === "not-configured") return { kind: "empty", sentence: `${source.label} is not set up here.` };
  if (source.status === "stale")
    return {
      kind: "stale",
      okAt: source.okAt,
      reason: `${source.label} has stopped answering${source.reason ? `: ${source.reason}` : ""}.`,
    };
  return empty.when ? { kind: "empty", sentence: empty.sentence } : { kind: "live" };
}
