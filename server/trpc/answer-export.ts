import { Readable } from "node:stream";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { exportDifferences } from "@/server/audit/comparisons/export-differences";
import { comparisonInput } from "@/server/audit/comparisons/schemas";
import { exportWindow } from "@/server/keys/window/export-window";
import { exportWindowInput } from "@/server/keys/window/schemas";
import { askedHere } from "@/server/auth/same-origin";
import { exportIncident } from "@/server/evidence/export-incident";
import { exportInput } from "@/server/evidence/schemas";
import { exportArchive } from "@/server/redrive/export-archive";
import { runInput } from "@/server/redrive/schemas";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { withoutCredentials } from "@/server/platform/without-credentials";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";
import { takeSlot } from "@/server/trpc/export-slots";

export const noStore = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** A failed export as JSON: the sentence and the status of the error map. */
export function failure(error: unknown, requestId: string): Response {
  const badInput = error instanceof Error && error.name === "ZodError";
  const wrapped =
    error instanceof TRPCError
      ? error
      : new TRPCError({ code: badInput ? "BAD_REQUEST" : "INTERNAL_SERVER_ERROR", cause: error });
  const { code, message, reason } = answerOf(wrapped, requestId);
  if (reason === "unexpected") log.error({ requestId, reason: withoutCredentials(messageOf(error)) }, "export failed");
  return Response.json(
    { message, reason, requestId },
    { status: getHTTPStatusCodeFromError(new TRPCError({ code })), headers: noStore },
  );
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
    if (!askedHere(request.headers))
      throw new DomainError(
        "forbidden",
        "This export was not asked for by the console's own pages, so it was refused.",
      );
    const asked = Object.fromEntries(new URL(request.url).searchParams);
    const free = takeSlot(actor.id);
    const file = await make({ ...ctx, actor }, asked).finally(free);
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
    return failure(error, requestId);
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

type Table = { readonly name: string; readonly sha256: string; readonly bytes: Buffer };

const csvDownload = ({ name, sha256, bytes }: Table): Download => ({
  name,
  mediaType: "text/csv; charset=utf-8",
  size: bytes.length,
  sha256,
  shown: false,
  open: () => Readable.from([bytes]),
});

/** Answers GET /api/exports/compromise-window?since=&until=&zoneId=&incidentId= with the window as CSV. */
export const answerWindowExport = (request: Request, openContext: () => Promise<TRPCContext>) =>
  answerDownload(request, openContext, async ({ actor, console }, asked) =>
    csvDownload(
      await exportWindow({
        ctx: { db: console.db, caracal: console.caracal, actor },
        input: exportWindowInput.parse(asked),
      }),
    ),
  );

/** Answers GET /api/exports/archive-comparison?comparisonId= with its differences as CSV. */
export const answerComparisonExport = (request: Request, openContext: () => Promise<TRPCContext>) =>
  answerDownload(request, openContext, async ({ actor, console }, asked) =>
    csvDownload(await exportDifferences({ ctx: { db: console.db, actor }, input: comparisonInput.parse(asked) })),
  );

/** Answers GET /api/exports/redrives/[id] with the original dead letters of a list, as JSON lines. */
export const answerArchiveExport = (request: Request, runId: string, openContext: () => Promise<TRPCContext>) =>
  answerDownload(request, openContext, async ({ actor, console }) => {
    const file = await exportArchive({ ctx: { db: console.db, actor }, input: runInput.parse({ runId }) });
    return { ...file, mediaType: "application/jsonl", shown: false };
  });
