import { formatAge } from "@/components/lib/duration";
import type { Connection } from "@/components/live/live-store";
import type { Snapshot, SourceState } from "@/server/live/snapshot";

export type StripSource = {
  readonly id: string;
  readonly label: string;
  readonly word: string; // "ok", "stale 12 s", "never answered", "not set"
  readonly good: boolean;
  readonly reason: string | null;
};

function wordOf(source: SourceState, now: number): string {
  switch (source.status) {
    case "ok":
      return "ok";
    case "not-configured":
      return "not set";
    case "never":
      return "never answered";
    case "stale":
      return source.okAt === null ? "stale" : `stale ${formatAge(now - source.okAt)}`;
  }
}

/** The stores the page can be trusted on, replicas left out: those are counted by stripServices. */
export function stripSources(snapshot: Snapshot, now: number): readonly StripSource[] {
  const replicas = new Set(snapshot.replicas.map((replica) => replica.id));
  return snapshot.sources
    .filter((source) => !replicas.has(source.id))
    .map((source) => ({
      id: source.id,
      label: source.label,
      word: wordOf(source, now),
      good: source.status === "ok",
      reason: source.reason,
    }));
}

/** How many replicas are ready, of how many the settings name; the ones that are not, by name. */
export function stripServices(snapshot: Snapshot): { ready: number; total: number; notReady: readonly string[] } {
  const notReady = snapshot.replicas
    .filter((replica) => !(replica.reachable && replica.ready))
    .map((replica) => replica.id);
  return { ready: snapshot.replicas.length - notReady.length, total: snapshot.replicas.length, notReady };
}

const staleAfterMs = 12_000;

export type LinkWord = { readonly word: string; readonly good: boolean; readonly detail: string };

/** The live link in a word or two. A link that is up but brings nothing new for 12 s is stale, not live. */
export function linkWord(connection: Connection, snapshotAt: number, now: number): LinkWord {
  const age = now - snapshotAt;
  const figures = `The figures shown are ${formatAge(age)} old.`;
  switch (connection.kind) {
    case "signed-out":
      return { word: "signed out", good: false, detail: `This sign-in has ended. ${figures} Sign in again to go on.` };
    case "reconnecting":
      return {
        word: `reconnecting ${formatAge(now - connection.since)}`,
        good: false,
        detail: `The console's server has not been reached since then. ${figures} It tries again by itself.`,
      };
    default:
      if (age > staleAfterMs)
        return { word: `stale ${formatAge(age)}`, good: false, detail: `Nothing new has come. ${figures}` };
      return connection.kind === "connecting"
        ? { word: "connecting", good: false, detail: `The live link is being opened. ${figures}` }
        : { word: "live", good: true, detail: "Figures change by themselves, about once a second." };
  }
}
