import type { Deployment } from "@/server/caracal/deployment";
import { readSession } from "@/server/caracal/sessions-read";
import { DomainError } from "@/server/platform/errors";
import type { SessionRow } from "@/server/sessions/schemas";

/** One session by its id, the mandate's sid claim. @throws DomainError("not_found"). */
export async function getSession({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: { sessionId: string };
}): Promise<SessionRow> {
  const row = await readSession(ctx.caracal.db, input.sessionId);
  if (row === null)
    throw new DomainError(
      "not_found",
      "Caracal has no session with this id. Check that the whole sid claim was copied, and that this is the right deployment.",
      { sessionId: input.sessionId },
    );
  return row;
}
