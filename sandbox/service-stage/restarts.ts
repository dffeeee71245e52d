import { randomUUID } from "node:crypto";
import { openKeyStage } from "@/sandbox/key-stage/stage";
import { type StagedReplica, stagedRuntime, stageReplica, stsMetrics } from "@/sandbox/service-stage/stage";
import { DomainError } from "@/server/platform/errors";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { orderRestart } from "@/server/services/restarts/order-restart";
import type { RestartRow } from "@/server/services/restarts/restart-rows";
import { advanceOneRestart } from "@/server/services/restarts/restart-worker";
import { consoleChain } from "@/server/timeline/append-entries";

/** Two STS and one audit that answer on ports of their own, a runtime in whose place the test acts, and the words in which tests speak of restarts. */
export async function openRestarts() {
  const stage = await openKeyStage();
  let replicas: StagedReplica[] = [];
  let ran: string[] = [];
  /** What a restart really does to a staged replica. */
  let onRestart: (replica: StagedReplica) => Promise<void> = async () => undefined;

  const at = (id: string): StagedReplica => {
    const found = replicas.find((replica) => replica.id === id);
    if (found === undefined) throw new Error(id);
    return found;
  };
  const runtime = (over: Partial<RuntimeAdapter> = {}) =>
    stagedRuntime(
      replicas,
      async ({ target }) => {
        ran.push(target);
        await onRestart(at(target));
      },
      over,
    );
  const ctx = (adapter = runtime()) => ({
    db: stage.db,
    caracal: {
      replicas: replicas.map(({ id, kind, url }) => ({ id, kind, url })),
      coordinatorToken: null,
      redis: stage.caracal.redis,
    },
    adapter,
    actor: stage.actor,
    holder: `console:${randomUUID()}`,
  });
  const row = async (id: string): Promise<RestartRow> => {
    const [found] = await stage.db.query<RestartRow>("SELECT * FROM service_restarts WHERE id = $1", [id]);
    if (found === undefined) throw new Error("no such restart");
    return found;
  };
  /** As if so many seconds had gone by for whatever waits. */
  const secondsLater = (seconds: number) =>
    stage.owner.query(
      `UPDATE service_restarts SET heartbeat_at = heartbeat_at - interval '${seconds} s', answered_at = answered_at - interval '${seconds} s' WHERE finished_at IS NULL`,
    );
  return {
    stage,
    at,
    runtime,
    ctx,
    row,
    secondsLater,
    ran: (): readonly string[] => ran,
    replicas: (): readonly StagedReplica[] => replicas,
    onRestart(what: (replica: StagedReplica) => Promise<void>): void {
      onRestart = what;
    },
    /** Everything ready, nothing ordered, and a restart that works. */
    async begin(): Promise<void> {
      replicas = [
        await stageReplica("sts-1", "sts"),
        await stageReplica("sts-2", "sts"),
        await stageReplica("audit-1", "audit"),
      ];
      ran = [];
      onRestart = async (replica) => {
        await replica.down();
        await replica.up();
        replica.metrics = stsMetrics({ eval_total: 0 });
      };
      await stage.owner.query(
        "UPDATE service_restarts SET state = 'cancelled', finished_at = now() WHERE finished_at IS NULL",
      );
    },
    end: () => Promise.all(replicas.map((replica) => replica.close())),
    order: (replica: string, given = ctx()) => orderRestart({ ctx: given, input: { replica, reason: "It hangs" } }),
    async work(id: string, given: ReturnType<typeof ctx>, turns = 6): Promise<RestartRow> {
      for (let turn = 0; turn < turns; turn += 1) {
        await secondsLater(1);
        await advanceOneRestart(given);
        if ((await row(id)).finished_at !== null) break;
      }
      return row(id);
    },
    async entries(kind: string): Promise<string[]> {
      const rows = await stage.db.query<{ summary: string }>(
        "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = $2 ORDER BY seq",
        [consoleChain, `playbook.${kind}`],
      );
      return rows.map(({ summary }) => summary);
    },
    close: () => stage.close(),
  };
}
export type Restarts = Awaited<ReturnType<typeof openRestarts>>;

/** The code and the words of a refusal. @throws when it was none */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was not refused");
}
