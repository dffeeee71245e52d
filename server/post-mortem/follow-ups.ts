import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { whyNotEdit } from "@/server/post-mortem/get-post-mortem";
import type { addFollowUpInput, changeFollowUpInput } from "@/server/post-mortem/schemas";
import { subjectIncident } from "@/server/post-mortem/subject-incident";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly actor: Actor };

async function ownerName(tx: Queryable, ownerId: string | null): Promise<string | null> {
  if (ownerId === null) return null;
  const [person] = await tx.query<{ name: string }>(
    "SELECT display_name AS name FROM people WHERE id = $1 AND active",
    [ownerId],
  );
  if (person === undefined) throw new DomainError("bad_input", "The owner is not an active person of this console.");
  return person.name;
}

/** What is to be done, by whom and until when. Part of what is signed. @throws precondition_failed, bad_input, not_found */
export async function addFollowUp({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof addFollowUpInput>;
}): Promise<{ readonly id: string }> {
  return db.transaction(async (tx) => {
    const incident = await subjectIncident(tx, actor, input.incidentId, true);
    const why = whyNotEdit(incident);
    if (why !== null) throw new DomainError("precondition_failed", why);
    const owner = await ownerName(tx, input.ownerId);
    const [row] = await tx.query<{ id: string }>(
      "INSERT INTO follow_ups (incident_id, title, owner_id, owner_name, due_on) VALUES ($1, $2, $3, $4, $5) RETURNING id",
      [incident.id, input.title, input.ownerId, owner, input.dueOn],
    );
    if (row === undefined) throw new Error("the follow-up was not stored");
    await appendEntries(tx, [
      {
        chain: incident.id,
        kind: "post-mortem.follow-up-added",
        by: actor,
        summary: `Follow-up: ${input.title}${owner === null ? "" : `, ${owner}`}${input.dueOn === null ? "" : `, due ${input.dueOn}`}`,
      },
    ]);
    return row;
  });
}

/**
 * Changes a follow-up. Done or dropped may be said after the incident is closed, on the console's own record then; its words,
 * owner and date are part of what was signed and stay.
 * @throws not_found, precondition_failed, bad_input
 */
export async function changeFollowUp({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof changeFollowUpInput>;
}): Promise<{ readonly id: string }> {
  return db.transaction(async (tx) => {
    const [before] = await tx.query<{
      incident_id: string;
      title: string;
      owner_id: string | null;
      due_on: string | null;
      state: string;
    }>(
      "SELECT incident_id, title, owner_id, to_char(due_on, 'YYYY-MM-DD') AS due_on, state FROM follow_ups WHERE id = $1 FOR UPDATE",
      [input.followUpId],
    );
    if (before === undefined)
      throw new DomainError("not_found", "There is no such follow-up, or it is not open to you.");
    const incident = await subjectIncident(tx, actor, before.incident_id, true);
    const reworded = before.title !== input.title || before.owner_id !== input.ownerId || before.due_on !== input.dueOn;
    const why = whyNotEdit(incident);
    if (reworded && why !== null) throw new DomainError("precondition_failed", why);
    const owner = await ownerName(tx, reworded ? input.ownerId : null);
    await tx.query(
      reworded
        ? `UPDATE follow_ups SET state = $2, updated_at = now(), title = $3, owner_id = $4, owner_name = $5, due_on = $6 WHERE id = $1`
        : "UPDATE follow_ups SET state = $2, updated_at = now() WHERE id = $1",
      reworded
        ? [input.followUpId, input.state, input.title, input.ownerId, owner, input.dueOn]
        : [input.followUpId, input.state],
    );
    const silent = incident.restricted && incident.state === "closed"; // the console's own record is read by more people
    await appendEntries(tx, [
      {
        chain: incident.state === "closed" ? consoleChain : incident.id,
        kind: "post-mortem.follow-up-changed",
        by: actor,
        summary: `Follow-up of INC-${incident.number} ${input.state === before.state ? "changed" : `is ${input.state}`}${silent ? "" : `: ${input.title}`}`,
        details: silent
          ? { before: before.state, after: input.state }
          : { before, after: { title: input.title, owner_id: input.ownerId, due_on: input.dueOn, state: input.state } },
      },
    ]);
    return { id: input.followUpId };
  });
}
