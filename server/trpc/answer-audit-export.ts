import { addAbortSignal, Readable } from "node:stream";
import { exportEvents } from "@/server/audit/export-events";
import { exportAuditInput, exportBounds } from "@/server/audit/schemas";
import { sameOrigin } from "@/server/auth/same-origin";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { failure, noStore } from "@/server/trpc/answer-export";
import type { TRPCContext } from "@/server/trpc/context";
import { takeSlot } from "@/server/trpc/export-slots";

const largestQuestion = 16_384;

async function questionOf(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.length > largestQuestion) throw new DomainError("bad_input", "The question is too long.");
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError("bad_input", "The question is not JSON.");
  }
}

/**
 * Answers POST /api/exports/audit with the events as they are read. A POST, since a reason does not belong into an address. The stream ends
 * early when nobody reads it any more, and after fifteen minutes.
 */
export async function answerAuditExport(request: Request, openContext: () => Promise<TRPCContext>): Promise<Response> {
  let requestId = "unknown";
  try {
    const { actor, console, ...ctx } = await openContext();
    requestId = ctx.requestId;
    if (actor === null)
      throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
    if (!sameOrigin(request))
      throw new DomainError(
        "forbidden",
        "This export was not asked for by the console's own pages, so it was refused.",
      );
    const input = exportAuditInput.parse(await questionOf(request));
    const free = takeSlot(actor.id);
    try {
      const made = await exportEvents({ ctx: { db: console.db, caracal: console.caracal, actor }, input });
      const limit = AbortSignal.timeout(exportBounds.minutes * 60_000);
      const body = addAbortSignal(limit, Readable.from(made.chunks(), { objectMode: false }));
      body.once("close", free).on("error", (error) => {
        if (error.name !== "AbortError")
          log.warn({ requestId, reason: messageOf(error) }, "an export of audit events failed");
      });
      return new Response(Readable.toWeb(body) as ReadableStream<Uint8Array>, {
        headers: {
          ...noStore,
          "content-type": made.mediaType,
          "content-disposition": `attachment; filename="${made.name}"`,
          "content-security-policy": "sandbox; default-src 'none'",
        },
      });
    } catch (error) {
      free();
      throw error;
    }
  } catch (error) {
    return failure(error, requestId);
  }
}
