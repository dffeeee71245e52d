import type { Database } from "@/server/platform/postgres";
import { appendLog } from "@/server/playbooks/run-log";
import { observedFacts } from "@/server/playbooks/revoke-session/observed-facts";
import type { GatewayMemory } from "@/server/playbooks/revoke-session/gateway-count";
import type { RunRow } from "@/server/playbooks/run-rows";
import type { RunProof } from "@/server/playbooks/schemas";

/**
 * Stores what was seen and logs each fact that is new since the last look, whichever replica looked. An older look never
 * replaces a newer one. Gives the proof that is stored afterwards.
 */
export async function recordObservation(
  db: Database,
  run: RunRow,
  proof: RunProof,
  provedSids: readonly string[],
  gateways: Readonly<Record<string, GatewayMemory>>,
): Promise<RunProof> {
  return db.transaction(async (tx) => {
    const [stored] = await tx.query<Pick<RunRow, "facts" | "proof" | "state">>(
      "SELECT facts, proof, state FROM playbook_runs WHERE id = $1 FOR UPDATE",
      [run.id],
    );
    if (stored === undefined) return proof;
    if ((stored.proof?.observedAt ?? 0) > (proof.observedAt ?? 0)) return stored.proof ?? proof;
    const facts = observedFacts(proof);
    const changed = Object.entries(facts).filter(([key, text]) => stored.facts[key] !== text);
    await tx.query(
      `UPDATE playbook_runs SET proof = $2, observed_at = now(), gateway_readings = $3, facts = facts || $4::jsonb,
              revision = revision + $5, updated_at = CASE WHEN $5 > 0 THEN now() ELSE updated_at END WHERE id = $1`,
      [run.id, JSON.stringify(proof), JSON.stringify(gateways), JSON.stringify(facts), changed.length > 0 ? 1 : 0],
    );
    if (provedSids.length > 0)
      await tx.query(
        "UPDATE playbook_targets SET proved_at = now() WHERE run_id = $1 AND sid = ANY ($2) AND proved_at IS NULL",
        [run.id, provedSids],
      );
    const unproved = proof.targets.filter((target) => !target.proved).map((target) => target.sid);
    if (unproved.length > 0)
      await tx.query(
        "UPDATE playbook_targets SET proved_at = NULL WHERE run_id = $1 AND sid = ANY ($2) AND proved_at IS NOT NULL",
        [run.id, unproved],
      );
    await tx.query(
      `UPDATE playbook_rounds r SET published = c.found
         FROM (SELECT round, count(*)::int AS found FROM playbook_publications WHERE run_id = $1 AND stream_id IS NOT NULL GROUP BY round) c
        WHERE r.run_id = $1 AND r.round = c.round AND r.published < c.found`,
      [run.id],
    );
    await appendLog(
      tx,
      run.id,
      null,
      changed.map(([key, text]) => ({ kind: "observed", text, data: { key, observedAt: proof.observedAt } })),
    );
    return proof;
  });
}
