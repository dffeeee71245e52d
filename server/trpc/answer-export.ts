import { Readable } from "node:stream";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { exportWindow } from "@/server/keys/window/export-window";
import { exportWindowInput } from "@/server/keys/window/schemas";
import { exportIncident } from "@/server/evidence/export-incident";
import { exportInput } from "@/server/evidence/schemas";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { withoutCredentials } from "@/server/platform/without-credentials";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";

const noStore = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function failure(error: unknown, requestId: string): Response {
  const wrapped = error instanceof TRPCError ? error : new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error });
  const { code, message, reason } = answerOf(wrapped, requestId);
  if (reason === "unexpected") log.error({ requestId, reason: withoutCredentials(messageOf(error)) }, "export failed");
  return Response.json(
    { message, reason, requestId },
    { status: getHTTPStatusCodeFromError(new TRPCError({ code })), headers: noStore },
  );
}

/** A page of ours, or somebody who opened the address themselves: an export is put on record, which no foreign page may cause. */
function isForeign(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}

type Download = {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
  readonly shown: boolean; // in the browser, rather than downloaded
  open(): Readable;
};
type Signed = TRPCContext & { readonly actor: NonNullable<TRPCContext["actor"]> };

/**
 * Answers a download that is put on record: for somebody signed in, asked for by the console's own pages. Failures are JSON with the
 * sentence and the status of the error map.
 */
async function answerDownload(
  request: Request,
  openContext: () => Promise<TRPCContext>,
  make: (ctx: Signed, asked: Record<string, string>) => Promise<Download>,
): Promise<Response> {
  let requestId = "unknown";
  try {
    const ctx = await openContext();
    requestId = ctx.requestId;
    const { actor } = ctx;
    if (actor === null)
      throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
    if (isForeign(request.headers))
      throw new DomainError(
        "forbidden",
        "This export was not asked for by the console's own pages, so it was refused.",
      );
    const file = await make({ ...ctx, actor }, Object.fromEntries(new URL(request.url).searchParams));
    return new Response(Readable.toWeb(file.open()) as ReadableStream<Uint8Array>, {
      headers: {
        ...noStore,
        "content-type": file.mediaType,
        "content-length": String(file.size),
        "content-disposition": `${file.shown ? "inline" : "attachment"}; filename="${file.name}"`,
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "x-content-sha256": file.sha256,
      },
    });
  } catch (error) {
    const badInput = error instanceof Error && error.name === "ZodError";
    return failure(badInput ? new TRPCError({ code: "BAD_REQUEST", cause: error }) : error, requestId);
  }
}

/**
 * Answers GET /api/exports/incidents/[id]?format=&profile= with the file. HTML is shown in place, in a sandbox without scripts,
 * so that it can be printed; the rest is downloaded.
 */
export const answerExport = (request: Request, incidentId: string, openContext: () => Promise<TRPCContext>) =>
  answerDownload(request, openContext, async ({ actor, console }, asked) => {
    const input = exportInput.parse({ ...asked, incidentId });
    const file = await exportIncident({ ctx: { db: console.db, actor, settings: console.settings }, input });
    return { ...file, shown: input.format === "html" };
  });

/** Answers GET /api/exports/compromise-window?since=&until=&zoneId=&incidentId= with the window as CSV. */
export const answerWindowExport = (request: Request, openContext: () => Promise<TRPCContext>) =>
  answerDownload(request, openContext, async ({ actor, console }, asked) => {
    const file = await exportWindow({
      ctx: { db: console.db, caracal: console.caracal, actor },
      input: exportWindowInput.parse(asked),
    });
    return {
      name: file.name,
      mediaType: "text/csv; charset=utf-8",
      size: file.bytes.length,
      sha256: file.sha256,
      shown: false,
      open: () => Readable.from([file.bytes]),
    };
  });
