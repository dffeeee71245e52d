import { MetricMemory } from "@/components/live/metric-memory";
import type { Board } from "@/server/incidents/schemas";
import type { Snapshot } from "@/server/live/snapshot";
import type { RunView } from "@/server/playbooks/schemas";

/** "live": the link is up. "reconnecting": down since `since`. "signed-out": the server refused, nothing will come. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting"; readonly since: number; readonly reason: string | null }
  | { readonly kind: "signed-out" };

const emptyBoard: Board = { incidents: [], approvals: [] };
const connecting: Connection = { kind: "connecting" };

/** What the tab knows from its one subscription. Plain store, no React: read through the hooks in live-hooks.ts. */
export class LiveStore {
  private listeners = new Set<() => void>();
  private watchedRuns = new Map<string, number>();
  private runs = new Map<string, RunView>();
  private readonly initial: Snapshot;
  private snapshotNow: Snapshot;
  private readonly initialBoard: Board;
  private boardNow: Board;
  private connectionNow: Connection = connecting;
  private runIds: readonly string[] = [];
  /** What the replicas counted while this tab looked on. */
  readonly movements = new MetricMemory();

  constructor(initial: Snapshot, board: Board = emptyBoard) {
    this.initialBoard = board;
    this.boardNow = board;
    this.initial = initial;
    this.snapshotNow = initial;
    this.movements.take(initial);
  }

  readonly snapshot = () => this.snapshotNow;
  /** What the server rendered with: parts of a page wake up later than the link, and must first agree with their markup. */
  readonly renderedSnapshot = () => this.initial;
  readonly board = () => this.boardNow;
  readonly renderedBoard = () => this.initialBoard;
  readonly renderedConnection = () => connecting;
  readonly connection = () => this.connectionNow;
  readonly watched = () => this.runIds;
  readonly run = (id: string) => this.runs.get(id) ?? null;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Asks the link for a run for as long as somebody shows it. */
  readonly watchRun = (id: string, listener: () => void) => {
    const stop = this.subscribe(listener);
    this.count(id, 1);
    return () => {
      stop();
      this.count(id, -1);
    };
  };

  takeSnapshot(snapshot: Snapshot): void {
    if (snapshot.at < this.snapshotNow.at) return;
    this.snapshotNow = snapshot;
    this.movements.take(snapshot);
    this.tell();
  }

  /** Late answers never replace newer ones: a run's revision only grows. */
  takeRun(run: RunView): void {
    const known = this.runs.get(run.id);
    if (known && run.revision < known.revision) return;
    this.runs.set(run.id, run);
    this.tell();
  }

  takeBoard(board: Board): void {
    this.boardNow = board;
    this.tell();
  }

  takeConnection(next: Connection): void {
    if (next.kind === "reconnecting" && this.connectionNow.kind === "reconnecting") return;
    if (next.kind === this.connectionNow.kind) return;
    this.connectionNow = next;
    this.tell();
  }

  private count(id: string, by: number): void {
    const left = (this.watchedRuns.get(id) ?? 0) + by;
    if (left > 0) this.watchedRuns.set(id, left);
    else this.watchedRuns.delete(id);
    const next = [...this.watchedRuns.keys()].sort().slice(0, 5);
    if (next.join() === this.runIds.join()) return;
    this.runIds = next;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
