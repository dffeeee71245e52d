import { TRPCError } from "@trpc/server";
import { mayCall, procedurePolicy } from "@/server/auth/policy";
import { sameOrigin } from "@/server/auth/same-origin";
import { writesOf } from "@/server/investigation/guarded-procedures";
import { passGuard } from "@/server/investigation/pass-guard";
import { allTheSame } from "@/server/investigation/schemas";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { withoutCredentials } from "@/server/platform/without-credentials";
import { answerOf } from "@/server/trpc/error-map";
import { t } from "@/server/trpc/init";
import { recordDenial } from "@/server/trpc/record-denial";

export const router = t.router;

/** The one place where failures become answers; unknown ones are logged under the request id. Inputs are never logged. */
const mapErrors = t.middleware(async ({ next, ctx, path }) => {
  const result = await next();
  if (result.ok) return result;
  const { error } = result;
  const answer = answerOf(error, ctx.requestId);
  if (answer.reason === "unexpected")
    log.error(
      {
        requestId: ctx.requestId,
        path,
        reason: withoutCredentials(messageOf(error.cause ?? error)),
        stack: withoutCredentials(error.stack ?? ""),
      },
      "call failed",
    );
  throw new TRPCError({ code: answer.code, message: answer.message, cause: error.cause });
});

/** State changes come from our own pages only. Calls made in this process carry no request. */
const fromOurPages = t.middleware(async ({ next, ctx, type, path }) => {
  if (type === "mutation" && ctx.request !== null && !sameOrigin(ctx.request)) {
    if (ctx.actor !== null) await recordDenial(ctx.console, ctx.actor, { path, why: "origin" });
    throw new DomainError("forbidden", "This change did not come from the console's own pages, so it was refused.");
  }
  return next();
});

/** Inputs come as JSON. Forms are what a foreign page can send without asking first, and reading a broken one throws. */
const asJson = t.middleware(({ next, ctx }) => {
  const type = ctx.request?.method === "POST" ? ctx.request.headers.get("content-type") : null;
  if (type !== null && !/^application\/json\b/i.test(type))
    throw new TRPCError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Inputs must be sent as application/json." });
  return next();
});

/** Signed in, and one of the person's roles is listed for the procedure. A procedure that no table names is refused. */
const allowed = t.middleware(async ({ next, ctx, type, path }) => {
  const { actor, signInId } = ctx;
  if (actor === null || signInId === null)
    throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
  if (!mayCall(path, actor.roles)) {
    const wanted = procedurePolicy[path] ?? [];
    if (type === "mutation" && ctx.request !== null) await recordDenial(ctx.console, actor, { path, why: "role" });
    throw new DomainError(
      "forbidden",
      wanted.length === 0
        ? "Nobody may do this: it is not in the policy table."
        : `This needs the role ${wanted.join(" or ")}. Ask somebody who holds it, or an admin.`,
      { needs: wanted.join(", ") },
    );
  }
  return next({ ctx: { actor, signInId } });
});

/**
 * A change that writes in Caracal passes the guard of zones under tamper investigation: its reason is on record before the verb runs.
 * One that the table does not name is refused to everybody.
 */
const guarded = t.middleware(async ({ next, ctx, type, path, getRawInput }) => {
  if (type !== "mutation") return next();
  const writes = writesOf[path];
  if (writes === undefined)
    throw new DomainError("forbidden", "Nobody may do this: no table says what it writes.", { path });
  const { actor } = ctx;
  if (typeof writes === "string" || actor === null) return next();
  const { db } = ctx.console;
  const input = await getRawInput();
  const given = allTheSame.safeParse(input);
  const zones = await writes.zones({ db, actor, input });
  const reason = given.success ? (given.data.investigationReason ?? null) : null;
  if (zones === "every" || zones.length > 0)
    await db.transaction((tx) => passGuard(tx, { action: writes.action, zones, actor }, reason));
  return next();
});

/** Every procedure of the console starts here: signed in, allowed by server/auth/policy.ts under its own path. */
export const procedure = t.procedure.use(mapErrors).use(fromOurPages).use(asJson).use(allowed).use(guarded);
