import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { requireRecentProof } from "@/server/auth/recent-proof";
import { passwordMatches } from "@/server/auth/passwords";
import type { Actor } from "@/server/auth/roles";
import { signInLimits } from "@/server/auth/sign-in-limits";
import type {
  breakGlassAskInput,
  breakGlassConfirmInput,
  breakGlassEndInput,
  breakGlassReviewInput,
} from "@/server/approvals/schemas";
import { declareIn } from "@/server/incidents/declare-incident";
import { addResponder } from "@/server/incidents/people";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

export type BreakGlassContext = {
  readonly db: Database;
  readonly actor: Actor;
  readonly signInId: string;
  readonly secretHash: string | undefined; // undefined: it is off
};
type Glass = { id: string; incident_id: string; first_id: string; second_id: string | null; reason: string };

const openMinutes = 30;
const askedMinutes = 10;
export const isOpenNow = "opened_at IS NOT NULL AND ended_at IS NULL AND expires_at > clock_timestamp()";

/**
 * Who it is, proved lately, and the credential, limited like a sign-in. A wrong one goes on the console's record.
 * @throws not_configured, precondition_failed (stale proof of identity), rate_limited, forbidden
 */
async function checkCredential(ctx: BreakGlassContext, secret: string): Promise<void> {
  const { db, actor, signInId, secretHash } = ctx;
  if (secretHash === undefined) throw new DomainError("not_configured", "Break-glass is off: no credential is set.");
  await requireRecentProof(db, signInId, actor.id);
  const limits = signInLimits(db, { username: "break-glass credential", address: actor.id });
  await limits.spend();
  if (await passwordMatches(secret, secretHash)) return limits.giveBack();
  await appendEntries(db, [
    {
      chain: consoleChain,
      kind: "access.break-glass-refused",
      by: actor,
      summary: `${actor.name} gave a wrong break-glass credential`,
    },
  ]);
  throw new DomainError("forbidden", "This is not the break-glass credential. The attempt is on record.");
}

/** Everybody active hears of it. */
async function tellEveryone(tx: Queryable, glass: Pick<Glass, "id" | "incident_id">, what: string, sentence: string) {
  const everyone = await tx.query<{ id: string }>("SELECT id FROM people WHERE active ORDER BY id LIMIT 1000");
  await queueNotice(tx, {
    key: `break-glass-${what}:${glass.id}`,
    kind: "break-glass",
    incidentId: glass.incident_id,
    severity: "P1",
    people: everyone.map(({ id }) => id),
    sentence: sentence.slice(0, 300),
    path: "/settings/break-glass",
  });
}

const entry = (
  tx: Queryable,
  glass: Pick<Glass, "id" | "incident_id">,
  by: Actor | null,
  what: string,
  summary: string,
) =>
  appendEntries(tx, [
    {
      chain: glass.incident_id,
      kind: `access.break-glass-${what}`,
      by,
      summary,
      details: { refs: { breakGlass: glass.id } },
    },
  ]);

/** The first of two people: declares a P1 and tells everyone; grants nothing. @throws conflict while one is asked for or open */
export async function askBreakGlass({
  ctx,
  input,
}: {
  ctx: BreakGlassContext;
  input: z.output<typeof breakGlassAskInput>;
}): Promise<{ readonly id: string; readonly incidentId: string }> {
  await checkCredential(ctx, input.secret);
  const { db, actor } = ctx;
  return db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(4270116)"); // those who ask take turns
    await tx.query(
      "UPDATE break_glass SET ended_at = clock_timestamp() WHERE opened_at IS NULL AND ended_at IS NULL AND asked_at <= now() - make_interval(mins => $1)",
      [askedMinutes],
    );
    const busy = await tx.query(
      `SELECT 1 FROM break_glass WHERE (opened_at IS NULL AND ended_at IS NULL) OR (${isOpenNow})`,
    );
    if (busy.length > 0) throw new DomainError("conflict", "Break-glass has been asked for already, or is open.");
    const { incidentId } = await declareIn(tx, actor, {
      title: `Break-glass asked for by ${actor.name}: ${input.reason}`,
      severity: "P1",
      origin: "break-glass",
    });
    const glass = { id: randomUUID(), incident_id: incidentId };
    await tx.query("INSERT INTO break_glass (id, incident_id, first_id, reason) VALUES ($1, $2, $3, $4)", [
      glass.id,
      incidentId,
      actor.id,
      input.reason,
    ]);
    const sentence = `${actor.name} asks for break-glass: ${input.reason}`;
    await tellEveryone(tx, glass, "asked", sentence);
    await entry(tx, glass, actor, "asked", sentence);
    return { id: glass.id, incidentId };
  });
}

/** One use of it, held until the transaction ends. @throws not_found */
async function hold(tx: Queryable, id: string): Promise<Glass & { open: boolean; waiting: boolean; over: boolean }> {
  const [row] = await tx.query<Glass & { open: boolean; waiting: boolean; over: boolean }>(
    `SELECT id, incident_id, first_id, second_id, reason, ${isOpenNow} AS open,
            opened_at IS NULL AND ended_at IS NULL AND asked_at > clock_timestamp() - make_interval(mins => $2) AS waiting,
            opened_at IS NOT NULL AND (ended_at IS NOT NULL OR expires_at <= clock_timestamp()) AND reviewed_at IS NULL AS over
       FROM break_glass WHERE id = $1 FOR UPDATE`,
    [id, askedMinutes],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such use of break-glass.");
  return row;
}

/** The second person: opens it for both, for half an hour. @throws forbidden for who asked, precondition_failed when it waits no more */
export async function confirmBreakGlass({
  ctx,
  input,
}: {
  ctx: BreakGlassContext;
  input: z.output<typeof breakGlassConfirmInput>;
}): Promise<{ readonly id: string }> {
  await checkCredential(ctx, input.secret);
  const { db, actor } = ctx;
  return db.transaction(async (tx) => {
    const glass = await hold(tx, input.id);
    if (!glass.waiting) throw new DomainError("precondition_failed", "It does not wait for a second person any more.");
    if (glass.first_id === actor.id) throw new DomainError("forbidden", "You asked. Somebody else has to confirm it.");
    await tx.query(
      `UPDATE break_glass SET second_id = $2, opened_at = t.at, expires_at = t.at + make_interval(mins => $3)
         FROM (SELECT clock_timestamp() AS at) t WHERE id = $1`,
      [glass.id, actor.id, openMinutes],
    );
    await addResponder(tx, glass.incident_id, actor.id);
    const sentence = `${actor.name} confirmed break-glass: it is open for two people and ${openMinutes} min`;
    await tellEveryone(tx, glass, "opened", sentence);
    await entry(tx, glass, actor, "opened", sentence);
    return { id: glass.id };
  });
}

/** Ends it early, by one of the two, security or an admin; one that nobody confirmed as well. */
export async function endBreakGlass({
  ctx: { db, actor },
  input,
}: {
  ctx: BreakGlassContext;
  input: z.output<typeof breakGlassEndInput>;
}): Promise<{ readonly id: string }> {
  return db.transaction(async (tx) => {
    const glass = await hold(tx, input.id);
    const part = [glass.first_id, glass.second_id].includes(actor.id);
    if (!part && !actor.roles.some((role) => role === "security" || role === "admin"))
      throw new DomainError("forbidden", "One of the two, security or an admin ends it.");
    if (!glass.open && !glass.waiting) throw new DomainError("precondition_failed", "It has ended already.");
    await tx.query("UPDATE break_glass SET ended_at = clock_timestamp() WHERE id = $1", [glass.id]);
    const sentence = `${actor.name} ended break-glass`;
    if (glass.open) await tellEveryone(tx, glass, "ended", sentence);
    await entry(tx, glass, actor, "ended", sentence);
    return { id: glass.id };
  });
}

/** Says of uses whose half hour is over that they have ended; each once in any number of replicas. Gives how many it told. */
export async function tellLapsed(db: Database): Promise<number> {
  const lapsed = await db.query<{ id: string }>(
    `SELECT id FROM break_glass WHERE opened_at IS NOT NULL AND ended_at IS NULL AND expires_at <= clock_timestamp() LIMIT 20`,
  );
  let told = 0;
  for (const { id } of lapsed)
    await db.transaction(async (tx) => {
      const [glass] = await tx.query<Pick<Glass, "id" | "incident_id">>(
        `UPDATE break_glass SET ended_at = expires_at
          WHERE id = $1 AND opened_at IS NOT NULL AND ended_at IS NULL AND expires_at <= clock_timestamp() RETURNING id, incident_id`,
        [id],
      );
      if (glass === undefined) return;
      const sentence = "Break-glass has ended: its half hour is over. Somebody who had no part in it reviews it next";
      await tellEveryone(tx, glass, "ended", sentence);
      await entry(tx, glass, null, "ended", sentence);
      told += 1;
    });
  return told;
}

const reviewers = ["security", "compliance", "admin"];

/**
 * Looks back at a use that is over, by somebody who had no part in it and whose role is their own: what break-glass lends reviews
 * nothing. Its incident closes only after that. @throws forbidden, precondition_failed (not over, stale proof of identity), not_found
 */
export async function reviewBreakGlass({
  ctx: { db, actor, signInId },
  input,
}: {
  ctx: BreakGlassContext;
  input: z.output<typeof breakGlassReviewInput>;
}): Promise<{ readonly id: string }> {
  return db.transaction(async (tx) => {
    const glass = await hold(tx, input.id);
    if ([glass.first_id, glass.second_id].includes(actor.id))
      throw new DomainError("forbidden", "You had part in it, so somebody else reviews it.");
    const own = await tx.query("SELECT 1 FROM people WHERE id = $1 AND active AND roles && $2 FOR SHARE", [
      actor.id,
      reviewers,
    ]);
    if (own.length === 0)
      throw new DomainError(
        "forbidden",
        "A role that is yours for the time of break-glass only reviews none of its uses.",
      );
    await requireRecentProof(tx, signInId, actor.id);
    if (!glass.over) throw new DomainError("precondition_failed", "It is not over yet, or has been reviewed.");
    await tx.query(
      `UPDATE break_glass SET reviewed_at = clock_timestamp(), reviewer_id = $2, review = $3,
              ended_at = coalesce(ended_at, expires_at) WHERE id = $1`,
      [glass.id, actor.id, input.review],
    );
    await entry(
      tx,
      glass,
      actor,
      "reviewed",
      `${actor.name} reviewed the use of break-glass: ${input.review}`.slice(0, 4_000),
    );
    return { id: glass.id };
  });
}
