import { randomUUID } from "node:crypto";
import { Client } from "pg";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import type { ApprovalContext } from "@/server/approvals/act-on-request";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { requestApproval } from "@/server/approvals/ask";
import type { ActionName, TwoPersonAction } from "@/server/auth/action-policy";
import { policyOf } from "@/server/auth/action-policy";
import { hashPassword } from "@/server/auth/passwords";
import type { Role } from "@/server/auth/roles";
import { openSignIn } from "@/server/auth/sign-ins";
import { type Database, openDatabase } from "@/server/platform/postgres";

export const stagePassword = "a long enough password";
export type Asked = { readonly approvalId: string; readonly incidentId: string; readonly digest: string };
export type ApprovalStage = {
  readonly db: Database;
  readonly owner: Client; // of the tables
  /** What the fake actions answer to "what has changed"; null: nothing. */
  changed: string | null;
  starts: number; // calls, also of transactions that were rolled back
  wakes: number;
  by(name: string): ApprovalContext;
  addPerson(name: string, roles: readonly Role[]): Promise<void>;
  /** Reads what the roles are now into the person's context, as every request does. */
  refresh(name: string): Promise<void>;
  ask(name: string, action?: ActionName, incidentId?: string | null): Promise<Asked>;
  /** Changes a stored request as only somebody could who gets behind the triggers. */
  behindTheTrigger(sql: string, params: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
};

/** What was true at the moment of an execution, read by SQL of its own in the executing transaction. */
const witnessSql = `INSERT INTO fake_executions (approval_id, voters, security, requester_stands, in_time, same_targets)
  SELECT a.id,
    (SELECT count(DISTINCT v.voter_id) FROM approval_votes v JOIN people p ON p.id = v.voter_id
      WHERE v.request_id = a.id AND v.withdrawn_at IS NULL AND v.vote = 'approve' AND v.voter_id <> a.requester_id
        AND v.expires_at > clock_timestamp() AND p.active AND p.roles && $2),
    NOT a.security_needed OR EXISTS (SELECT 1 FROM approval_votes v JOIN people p ON p.id = v.voter_id
      WHERE v.request_id = a.id AND v.withdrawn_at IS NULL AND v.vote = 'approve' AND p.active AND 'security' = ANY (p.roles)),
    r.active AND r.roles && $3, a.expires_at > a.executed_at,
    encode(sha256(convert_to(a.targets::text, 'UTF8')), 'hex') = a.targets_digest
    FROM approval_requests a JOIN people r ON r.id = a.requester_id WHERE a.id = $1`;

function fakeAction(action: TwoPersonAction, stage: () => ApprovalStage): ApprovedAction {
  const { approval, roles } = policyOf(action);
  const voters = approval.kind === "two" ? approval.voters : [];
  return {
    action,
    freeze: async (parameters) => ({
      parameters: parameters as { zoneId: string },
      targets: ["target-1", "target-2", "target-3"],
      preconditions: { version: 1 },
      blast: {
        sentence: "3 sessions of zone payments",
        figures: [{ name: "sessions", value: 3, source: "the stage" }],
      },
      severity: "P1",
      playbookVersion: "stage@1",
    }),
    zonesOf: ({ parameters }) => [(parameters as { zoneId: string }).zoneId],
    recheck: async () => stage().changed,
    async start(tx, stored) {
      stage().starts += 1;
      await tx.query(witnessSql, [stored.approvalId, voters, roles]);
      return `run:${stored.approvalId}`;
    },
    async wake() {
      stage().wakes += 1;
    },
  };
}

/** People, sign-ins and fake actions over a fresh console database; executions leave a row of their own, which nothing makes unique. */
export async function openApprovalStage(
  console_: ConsoleDatabase,
  postgresAdminUrl: string,
  connections = 12,
): Promise<ApprovalStage> {
  const db = openDatabase({ url: console_.url, label: "console", max: connections, statementTimeoutMs: 15_000 });
  const owner = new Client({ connectionString: console_.migrateUrl });
  await owner.connect();
  const behind = new URL(postgresAdminUrl);
  behind.pathname = new URL(console_.url).pathname;
  const superuser = new Client({ connectionString: behind.href });
  await superuser.connect();
  await superuser.query("SET session_replication_role = replica"); // triggers and keys do not fire for this one connection
  await owner.query(
    `CREATE TABLE fake_executions (approval_id uuid NOT NULL, voters int NOT NULL, security boolean NOT NULL,
       requester_stands boolean NOT NULL, in_time boolean NOT NULL, same_targets boolean NOT NULL);
     GRANT SELECT, INSERT ON fake_executions TO PUBLIC`,
  );
  let turn: Promise<unknown> = Promise.resolve();
  const people = new Map<string, ApprovalContext>();
  const hash = await hashPassword(stagePassword);
  const actions = new Map<ActionName, ApprovedAction>(
    (["freeze-zone", "rotate-zone-key"] as const).map((action) => [action, fakeAction(action, () => stage)]),
  );
  const by = (name: string): ApprovalContext => {
    const context = people.get(name);
    if (context === undefined) throw new Error(`no person ${name}`);
    return context;
  };
  const stage: ApprovalStage = {
    db,
    owner,
    changed: null,
    starts: 0,
    wakes: 0,
    by,
    async addPerson(name, roles) {
      const id = randomUUID();
      await db.query(
        "INSERT INTO people (id, username, display_name, roles, password_hash) VALUES ($1, $2, $2, $3, $4)",
        [id, name, roles, hash],
      );
      const signInId = await openSignIn({
        db,
        input: { personId: id, method: "local", userAgent: null, address: null },
      });
      people.set(name, { db, actions, signInId, actor: { id, name, roles } });
    },
    async refresh(name) {
      const context = by(name);
      const [row] = await db.query<{ roles: Role[] }>("SELECT roles FROM people WHERE id = $1", [context.actor.id]);
      people.set(name, { ...context, actor: { ...context.actor, roles: row?.roles ?? [] } });
    },
    ask: (name, action = "freeze-zone", incidentId = null) =>
      requestApproval({
        ctx: by(name),
        input: { action, parameters: { zoneId: "zone-1" }, incidentId, reason: "Its secret is known" },
      }),
    async behindTheTrigger(sql, params) {
      turn = turn.then(() => superuser.query(sql, [...params])); // one connection, one statement at a time
      await turn;
    },
    async close() {
      await Promise.all([owner.end(), superuser.end()]);
      await db.close();
    },
  };
  return stage;
}

/** Moves a request's time an hour back, as if the hour had passed. */
export const pastSql =
  "UPDATE approval_requests SET requested_at = requested_at - interval '1 hour', expires_at = expires_at - interval '1 hour' WHERE id = $1";
/** Swaps the frozen list for another. */
export const swapSql = `UPDATE approval_requests SET targets = '["target-9","target-8","target-7"]' WHERE id = $1`;
