import { TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DomainError, type DomainErrorCode } from "@/server/platform/errors";
import type { TRPCContext } from "@/server/trpc/context";
import { answerOf, codeOf } from "@/server/trpc/error-map";
import { t } from "@/server/trpc/init";
import { procedure, router } from "@/server/trpc/procedures";

const secret = "postgres://user:hunter2@db/x";
let failure: unknown;
const fails = router({
  system: router({
    me: procedure.input(z.object({ limit: z.number().max(10) }).optional()).query(() => {
      throw failure;
    }),
  }),
});

async function ask(input?: string, path = "system.me") {
  const url = `http://console/api/trpc/${path}${input === undefined ? "" : `?input=${encodeURIComponent(input)}`}`;
  const response = await fetchRequestHandler({
    endpoint: "/api/trpc",
    req: new Request(url),
    router: fails,
    createContext: () =>
      ({
        actor: { id: "p", name: "P", roles: ["viewer"] },
        signInId: "s",
        requestId: "req-7",
        request: null,
      }) as Partial<TRPCContext> as TRPCContext,
  });
  const text = await response.text();
  const { error } = JSON.parse(text) as { error: { json: { message: string; data: Record<string, unknown> } } };
  return { status: response.status, text, ...error.json };
}

describe("failures as the browser gets them", () => {
  test.each<[DomainErrorCode, number]>([
    ["bad_input", 400],
    ["not_signed_in", 401],
    ["forbidden", 403],
    ["not_found", 404],
    ["conflict", 409],
    ["stale_cursor", 400],
    ["precondition_failed", 412],
    ["rate_limited", 429],
    ["source_unreachable", 503],
    ["not_configured", 412],
  ])("%s is HTTP %i with its own sentence and facts", async (code, status) => {
    failure = new DomainError(code, "What happened.", { runs: 3 }, { cause: new Error(secret) });
    const answer = await ask();
    expect(answer).toMatchObject({ status, message: "What happened." });
    expect(answer.data).toMatchObject({ reason: code, facts: { runs: 3 }, httpStatus: status, requestId: "req-7" });
    expect(answer.text).not.toContain("hunter2");
    expect(codeOf[code]).toBe(answer.data.code);
  });

  test("an unknown failure shows the request id and nothing else", async () => {
    for (const thrown of [new Error(secret), Object.assign(new TypeError(secret), { code: "42P01" })]) {
      failure = thrown;
      const answer = await ask();
      expect(answer.status).toBe(500);
      expect(answer.message).toContain("req-7");
      expect(answer.text).not.toMatch(/hunter2|at .*\.ts|42P01/);
    }
  });

  test("bad input names each field, in a 400", async () => {
    const answer = await ask(JSON.stringify({ json: { limit: 99 } }));
    expect(answer.status).toBe(400);
    expect(answer.data).toMatchObject({ reason: "bad_input", fields: [{ field: "limit" }] });
  });

  test("a body that is no JSON and a procedure that is none are the caller's fault, never a 500", async () => {
    expect((await ask("{")).status).toBe(400);
    expect((await ask(undefined, "system.nothing")).status).toBe(404);
  });

  test.each([
    { values: { "__proto__.x": ["Date"] } },
    { values: { limit: [["class", "Nope"]] } },
    { values: { limit: ["set"] } },
    { referentialEqualities: { limit: ["constructor.prototype"] } },
  ])("annotations that cannot be followed are the caller's fault: %j", async (meta) => {
    failure = new Error("the procedure was reached");
    const answer = await ask(JSON.stringify({ json: { limit: 1 }, meta }));
    expect(answer.status).toBe(400);
    expect(answer.data).toMatchObject({ reason: "protocol" });
  });

  test("a body that is no JSON by its type is refused before it is read", async () => {
    for (const type of ["multipart/form-data; boundary=x", "application/octet-stream"]) {
      const request = { method: "POST", headers: new Headers({ "content-type": type }) };
      const caller = t.createCallerFactory(fails)({
        actor: { id: "p", name: "P", roles: ["viewer"] },
        signInId: "s",
        requestId: "req-7",
        request,
      } as Partial<TRPCContext> as TRPCContext);
      await expect(caller.system.me()).rejects.toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
    }
  });

  test("an error that only looks like input is not shown", () => {
    const error = new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: new z.ZodError([]) });
    expect(answerOf(error, "req-7").reason).toBe("unexpected");
  });
});
