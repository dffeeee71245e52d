import type { Database, Queryable } from "@/server/platform/postgres";

type PlanNode = {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly Plans?: readonly PlanNode[];
};

/** One table or partition as one statement's plan read it. */
export type ScannedRelation = { readonly node: string; readonly relation: string; readonly rows: number };

export type ExplainedDatabase = Database & { readonly scans: readonly ScannedRelation[]; forget(): void };

function* scansOf(node: PlanNode): Generator<ScannedRelation> {
  const relation = node["Relation Name"];
  if (relation !== undefined) {
    const perLoop =
      node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
    yield { node: node["Node Type"], relation, rows: perLoop * node["Actual Loops"] };
  }
  for (const child of node.Plans ?? []) yield* scansOf(child);
}

/**
 * A database that has every SELECT explained and measured, with its real parameters and under the settings of its own
 * transaction, before running it. `scans` holds what was read, by which kind of node, since the last `forget`.
 */
export function explainedDatabase(db: Database): ExplainedDatabase {
  const scans: ScannedRelation[] = [];
  const explained = (tx: Queryable): Queryable => ({
    async query(sql, params = []) {
      if (/^\s*(SELECT|WITH)\b/i.test(sql)) {
        const rows = await tx.query<{ "QUERY PLAN": readonly { readonly Plan: PlanNode }[] }>(
          `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
          params,
        );
        for (const { Plan } of rows[0]?.["QUERY PLAN"] ?? []) scans.push(...scansOf(Plan));
      }
      return tx.query(sql, params);
    },
  });
  return {
    ...explained(db),
    transaction: (work) => db.transaction((tx) => work(explained(tx))),
    close: () => db.close(),
    scans,
    forget: () => {
      scans.length = 0;
    },
  };
}
