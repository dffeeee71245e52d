import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { z } from "zod";
import { mayCall } from "@/server/auth/policy";
import type { Actor } from "@/server/auth/roles";
import { sameOrigin } from "@/server/auth/same-origin";
import { attachFile, largestFile, readFile } from "@/server/incidents/files";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { withoutCredentials } from "@/server/platform/without-credentials";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf } from "@/server/trpc/error-map";
import { recordDenial } from "@/server/trpc/record-denial";

const safe = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "same-origin",
};
const envelope = 64 * 1024; // what a form takes beside its file
const uuid = z.uuid();
const notThere = () => new DomainError("not_found", "There is no such incident, or it is not open to you.");
const tooLarge = () => new DomainError("bad_input", "The file is larger than 10 MB.");

function signedIn(actor: Actor | null): Actor {
  if (actor === null)
    throw new DomainError("not_signed_in", "You are not signed in, or your sign-in has ended. Sign in again.");
  return actor;
}

async function answered(
  openContext: () => Promise<TRPCContext>,
  work: (context: TRPCContext) => Promise<Response>,
): Promise<Response> {
  let requestId = "unknown";
  try {
    const context = await openContext();
    requestId = context.requestId;
    return await work(context);
  } catch (error) {
    const wrapped = error instanceof TRPCError ? error : new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error });
    const { code, message, reason } = answerOf(wrapped, requestId);
    if (reason === "unexpected")
      log.error({ requestId, reason: withoutCredentials(messageOf(error)) }, "a file request failed");
    return Response.json(
      { error: message, reason, requestId },
      { status: getHTTPStatusCodeFromError(new TRPCError({ code })), headers: safe },
    );
  }
}

/** The whole body, never more than a file and its form may take. @throws bad_input */
async function boundedBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? 0) > largestFile + envelope) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    size += next.value.length;
    if (size > largestFile + envelope) {
      await reader?.cancel();
      throw tooLarge();
    }
    parts.push(next.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function fileOf(request: Request): Promise<File> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\b/i.test(type))
    throw new DomainError("bad_input", "A file is sent as multipart/form-data, in a field named file.");
  const body = await boundedBody(request);
  const form = await new Response(body, { headers: { "content-type": type } }).formData().catch(() => null);
  const file = form?.get("file");
  if (!(file instanceof File))
    throw new DomainError("bad_input", "The request was not understood: there is no field named file in it.");
  return file;
}

/** Answers POST /api/incidents/[id]/files: one file, from our own pages, by whoever may write notes. */
export function answerUpload(
  request: Request,
  incidentId: string,
  openContext: () => Promise<TRPCContext>,
): Promise<Response> {
  return answered(openContext, async ({ actor: found, console }) => {
    const actor = signedIn(found);
    if (!sameOrigin(request)) {
      await recordDenial(console, actor, { path: "incidents.attach", why: "origin" });
      throw new DomainError("forbidden", "This change did not come from the console's own pages, so it was refused.");
    }
    if (!mayCall("incidents.note", actor.roles)) {
      await recordDenial(console, actor, { path: "incidents.attach", why: "role" });
      throw new DomainError("forbidden", "Your role may read files, not attach them.");
    }
    if (!uuid.safeParse(incidentId).success) throw notThere();
    const file = await fileOf(request);
    const kept = await attachFile({
      ctx: { db: console.db, actor },
      input: {
        incidentId,
        name: file.name,
        mediaType: file.type,
        content: new Uint8Array(await file.arrayBuffer()),
      },
    });
    return Response.json(kept, { status: 201, headers: safe });
  });
}

/** Answers GET /api/incidents/[id]/files?file=ID with the bytes as they came: a download that no browser opens in our origin. */
export function answerDownload(
  request: Request,
  incidentId: string,
  openContext: () => Promise<TRPCContext>,
): Promise<Response> {
  return answered(openContext, async ({ actor: found, console }) => {
    const actor = signedIn(found);
    const fileId = new URL(request.url).searchParams.get("file") ?? "";
    if (!mayCall("incidents.get", actor.roles) || !uuid.safeParse(incidentId).success) throw notThere();
    if (!uuid.safeParse(fileId).success) throw new DomainError("not_found", "This incident has no such file.");
    const file = await readFile({ ctx: { db: console.db, actor }, input: { incidentId, fileId } });
    return new Response(file.content, {
      headers: {
        ...safe,
        "content-type": file.mediaType,
        "content-length": String(file.content.length),
        "content-disposition": `attachment; filename="${file.name}"`,
        "x-content-sha256": file.sha256,
      },
    });
  });
}
