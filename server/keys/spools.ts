import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import { z } from "zod";

const metrics = z.object({
  sts: z.object({ audit_replay_pending: z.number(), audit_replay_replayed: z.number(), audit_dropped: z.number() }),
});

/** An STS replica's audit spool (trap 17); null: it did not say. */
export type Spool = {
  readonly replica: string;
  readonly pending: number | null; // waiting in files; a restart counts anew from 0
  readonly replayed: number | null; // published from files since it started
};

/** With what it could neither publish nor spool since it started: those events are gone. */
export type SpoolLook = Spool & { readonly dropped: number | null };

async function readSpool(replica: ReplicaAddress): Promise<SpoolLook> {
  const answer = await fetchAnswer(`${replica.url}/metrics`, { timeoutMs: 2_000 });
  const nothing = { replica: replica.id, pending: null, replayed: null, dropped: null };
  if ("failed" in answer || answer.status !== 200) return nothing;
  try {
    const { sts } = metrics.parse(JSON.parse(answer.body));
    return {
      replica: replica.id,
      pending: sts.audit_replay_pending,
      replayed: sts.audit_replay_replayed,
      dropped: sts.audit_dropped,
    };
  } catch {
    return nothing;
  }
}

/** Every STS replica's spool as it says itself, right now. */
export const readSpools = (caracal: Pick<Deployment, "replicas">): Promise<SpoolLook[]> =>
  Promise.all(caracal.replicas.filter(({ kind }) => kind === "sts").map(readSpool));

/** Why data may not move to another key yet, in words: events that wait in spools die with the containers that are recreated. */
export async function spoolsNotDrained(caracal: Pick<Deployment, "replicas">): Promise<string | null> {
  const spools = await readSpools(caracal);
  if (spools.length === 0)
    return "No STS address is configured: whether audit events wait in their spools cannot be told.";
  const silent = spools.filter(({ pending }) => pending === null).map(({ replica }) => replica);
  if (silent.length > 0) return `${silent.join(", ")} did not say whether audit events wait in the spool.`;
  const holding = spools.filter(({ pending }) => (pending ?? 0) > 0);
  if (holding.length === 0) return null;
  const list = holding.map(({ replica, pending }) => `${replica} holds ${pending}`).join(", ");
  return `Audit events wait in spools: ${list}. Restart those replicas plainly first; recreating one on the new key destroys its spool.`;
}
