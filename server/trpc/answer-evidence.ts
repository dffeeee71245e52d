import { Readable } from "node:stream";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { z } from "zod";
import { askedHere } from "@/server/auth/same-origin";
import { byteRangeOf } from "@/server/evidence/vault/byte-range";
import { openFile } from "@/server/evidence/vault/download";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { withoutCredentials } from "@/server/platform/without-credentials";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";
import { takeSlot } from "@/server/trpc/export-slots";

const safe = {
  "cache-control": "private, no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
};
const itemId = z.uuid();
const fileName = z.string().regex(/^[\w][\w.-]{0,200}$/);

function failure(error: unknown, requestId: string): Response {
  const wrapped = error instanceof TRPCError ? error : new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error });
  const { code, message, reason } = answerOf(wrapped, requestId);
  if (reason === "unexpected")
    log.error({ requestId, reason: withoutCredentials(messageOf(error)) }, "a download of evidence failed");
  return Response.json(
    { message, reason, requestId },
    { status: getHTTPStatusCodeFromError(new TRPCError({ code })), headers: safe },
  );
}

/**
 * Answers GET /api/evidence/[id]?file=NAME: the whole or one range of it, with the SHA-256 as its ETag, so that a download that broke off goes on
 * where it was, and only if it is still the same file.
 */
export async function answerEvidence(
  request: Request,
  id: string,
  openContext: () => Promise<TRPCContext>,
): Promise<Response> {
  let requestId = "unknown";
  try {
    const { actor, console, ...ctx } = await openContext();
    requestId = ctx.requestId;
    if (actor === null)
      throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
    if (!askedHere(request.headers))
      throw new DomainError(
        "forbidden",
        "This download was not asked for by the console's own pages, so it was refused.",
      );
    const name = new URL(request.url).searchParams.get("file") ?? "";
    if (!itemId.safeParse(id).success || !fileName.safeParse(name).success)
      throw new DomainError("not_found", "There is no such item in the vault, or it is not open to you.");
    const asked = { range: request.headers.get("range"), ifRange: request.headers.get("if-range") };
    const free = takeSlot(actor.id); // a file of gigabytes is read and hashed before its first byte is given
    const file = await openFile({
      ctx: { db: console.db, stores: console.stores, actor },
      input: { itemId: id, name, rangeOf: ({ sha256, size }) => byteRangeOf(asked, `"${sha256}"`, size) },
    }).finally(free);
    const headers = {
      ...safe,
      "accept-ranges": "bytes",
      etag: `"${file.sha256}"`,
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${file.name}"`,
      "x-content-sha256": file.sha256,
    };
    if (file.range === "unsatisfiable")
      return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${file.size}` } });
    const { from, to } = file.range ?? { from: 0, to: file.size - 1 };
    return new Response(Readable.toWeb(await file.open()) as ReadableStream<Uint8Array>, {
      status: file.range === null ? 200 : 206,
      headers: {
        ...headers,
        "content-length": String(to - from + 1),
        ...(file.range === null ? {} : { "content-range": `bytes ${from}-${to}/${file.size}` }),
      },
    });
  } catch (error) {
    return failure(error, requestId);
  }
}
