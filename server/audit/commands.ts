import type { AuditQuestion } from "@/server/audit/schemas";

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A statement as a shell command: the here-document is quoted, so that the shell changes nothing in it. */
const asCommand = (sql: string) => `psql "$CARACAL_DATABASE_URL" <<'SQL'\nSET statement_timeout = '10s';\n${sql};\nSQL`;

/** The search as SQL: the newest page. */
export function searchSql(question: AuditQuestion, limit: number): string {
  const columns = [
    ["zone_id", question.zoneId],
    ["request_id", question.requestId],
    ["event_type", question.eventType],
    ["decision", question.decision],
    ["evaluation_status", question.evaluationStatus],
    ["policy_set_id", question.policySetId],
    ["policy_set_version_id", question.policySetVersionId],
  ] as const;
  const conditions = [
    `occurred_at >= ${literal(question.since)}`,
    `occurred_at < ${literal(question.until)}`,
    ...columns.flatMap(([column, value]) => (value ? [`${column} = ${literal(value)}`] : [])),
  ];
  if (question.resource)
    conditions.push(
      `(metadata_json->>'resource' = ${literal(question.resource)} OR metadata_json->'requested' ? ${literal(question.resource)})`,
    );
  if (question.policy)
    conditions.push(
      `determining_policies_json @> jsonb_build_array(jsonb_build_object('policy', ${literal(question.policy)}))`,
    );
  if (question.text) conditions.push(`strpos(lower(metadata_json::text), lower(${literal(question.text)})) > 0`);
  return `SELECT * FROM audit_events\n WHERE ${conditions.join("\n   AND ")}\n ORDER BY occurred_at DESC, id DESC LIMIT ${limit}`;
}

/** One event as SQL, with its neighbours in the chain of its zone. */
export function eventSql(event: {
  readonly id: string;
  readonly occurredAt: string;
  readonly zoneId: string;
  readonly chainSeq: string | null;
}): string {
  const own = `id = ${literal(event.id)} AND occurred_at = ${literal(event.occurredAt)}`;
  if (event.chainSeq === null) return `SELECT * FROM audit_events WHERE ${own}`;
  const seq = BigInt(event.chainSeq);
  return `SELECT * FROM audit_events\n WHERE (${own}) OR (zone_id = ${literal(event.zoneId)} AND chain_seq BETWEEN ${seq - 1n} AND ${seq + 1n})\n ORDER BY chain_seq`;
}

/** The command for the colleague without a console. */
export const searchCommand = (question: AuditQuestion, limit: number): string => asCommand(searchSql(question, limit));
export const eventCommand = (event: Parameters<typeof eventSql>[0]): string => asCommand(eventSql(event));
