import { resourceKey, revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { psqlLine, redisLine, sqlText } from "@/server/playbooks/revoke-session/shell-quote";
import type { RunCommand } from "@/server/playbooks/schemas";

export type CommandFacts = {
  readonly zoneId: string;
  readonly subjects: readonly string[] | null; // null: everybody in the zone
  readonly from: { readonly kind: string; readonly id: string };
  readonly reason: string | null;
  readonly sample: { readonly sid: string; readonly entryId: string | null } | null; // one target, to look at by hand
  readonly groups: readonly string[];
  readonly gateways: readonly { readonly id: string; readonly url: string }[];
};

function whose(subjects: readonly string[] | null): string {
  if (subjects === null) return "";
  const [only] = subjects;
  return subjects.length === 1 && only !== undefined
    ? ` AND subject_id = ${sqlText(only)}`
    : ` AND subject_id IN (${subjects.map(sqlText).join(", ")})`;
}

/** The same by hand, step by step, with this run's values. Secrets stand as variables of the shell. */
export function commandsFor(facts: CommandFacts): RunCommand[] {
  const zone = sqlText(facts.zoneId);
  const live = `zone_id = ${zone}${whose(facts.subjects)} AND status = 'active' AND expires_at > now()`;
  const reason = sqlText(facts.reason ?? "compromised");
  const sid = facts.sample?.sid ?? "SESSION_ID";
  const entry = facts.sample?.entryId ?? "STREAM_ID";
  const revoke = `WITH revoked AS (UPDATE sessions SET status = 'revoked' WHERE ${live} RETURNING id), ended AS (UPDATE agent_sessions SET status = 'terminated', terminated_at = now() WHERE zone_id = ${zone} AND status IN ('active', 'suspended') AND session_sid IN (SELECT id FROM sessions WHERE ${live})) INSERT INTO event_outbox (id, stream_name, payload_json) SELECT gen_random_uuid()::text, '${revocationStream}', jsonb_build_object('zone_id', ${zone}, 'session_id', id, 'reason', ${reason}) FROM revoked`;
  const command = (step: RunCommand["step"], title: string, text: string): RunCommand => ({
    step,
    title,
    command: text,
  });
  return [
    ...(facts.from.kind === "subject"
      ? []
      : [
          command(
            "identify",
            "Whose session it is",
            psqlLine(
              facts.from.kind === "event"
                ? `SELECT zone_id, event_type, decision, occurred_at FROM audit_events WHERE id = ${sqlText(facts.from.id)} AND zone_id = ${zone}`
                : `SELECT zone_id, subject_id, session_type, status, expires_at FROM sessions WHERE id = ${sqlText(facts.from.id)}`,
            ),
          ),
        ]),
    command(
      "blast_radius",
      "Live sessions of the subject (active and unexpired)",
      psqlLine(`SELECT id, expires_at, created_at FROM sessions WHERE ${live} ORDER BY id LIMIT 10000`),
    ),
    command(
      "blast_radius",
      "Their agent sessions",
      psqlLine(
        `SELECT id, session_sid, status FROM agent_sessions WHERE zone_id = ${zone} AND status IN ('active', 'suspended') AND session_sid IN (SELECT id FROM sessions WHERE ${live}) LIMIT 1000`,
      ),
    ),
    command(
      "revoke",
      "Revoke them and write the outbox rows in one transaction; the API publishes and signs",
      psqlLine(revoke),
    ),
    command(
      "verify",
      "Second sweep: what was minted meanwhile",
      psqlLine(`SELECT id, created_at FROM sessions WHERE ${live} ORDER BY id LIMIT 10000`),
    ),
    command(
      "verify",
      "Outbox rows not published yet",
      psqlLine(
        `SELECT id, attempts, available_at, last_error FROM event_outbox WHERE stream_name = '${revocationStream}' AND dispatched_at IS NULL ORDER BY available_at LIMIT 100`,
      ),
    ),
    command("verify", "How far each group has read", redisLine("XINFO", "GROUPS", revocationStream)),
    ...(facts.sample?.entryId == null
      ? []
      : [
          command(
            "verify",
            "The entry itself, with its signature",
            redisLine("XRANGE", revocationStream, entry, entry),
          ),
        ]),
    ...facts.groups.map((group) =>
      command(
        "verify",
        `Delivered to ${group} but not acknowledged`,
        redisLine(
          "XPENDING",
          revocationStream,
          group,
          entry === "STREAM_ID" ? "-" : entry,
          entry === "STREAM_ID" ? "+" : entry,
          "1",
        ),
      ),
    ),
    command("verify", "What resource servers took note of", redisLine("EXISTS", resourceKey(sid))),
    ...facts.gateways.map((gateway) =>
      command("verify", `What ${gateway.id} counts`, `curl -fsS '${gateway.url.replaceAll("'", "%27")}/metrics'`),
    ),
    command("wait", "Live sessions again: must be 0", psqlLine(`SELECT count(*) FROM sessions WHERE ${live}`)),
  ];
}
