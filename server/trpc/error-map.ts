import type { TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { DomainError, type DomainErrorCode, type ErrorFacts } from "@/server/platform/errors";

type TRPCCode = TRPCError["code"];

/** Each refusal of the domain as the HTTP-bound code that tRPC answers with. */
export const codeOf: Readonly<Record<DomainErrorCode, TRPCCode>> = {
  bad_input: "BAD_REQUEST", // 400
  not_signed_in: "UNAUTHORIZED", // 401
  forbidden: "FORBIDDEN", // 403
  not_found: "NOT_FOUND", // 404
  conflict: "CONFLICT", // 409
  stale_cursor: "BAD_REQUEST", // 400
  precondition_failed: "PRECONDITION_FAILED", // 412
  rate_limited: "TOO_MANY_REQUESTS", // 429
  source_unreachable: "SERVICE_UNAVAILABLE", // 503
  not_configured: "PRECONDITION_FAILED", // 412
};

export type FieldProblem = { readonly field: string; readonly problem: string };

/** What the browser is told of a failure; nothing else of the error leaves the server. */
export type ErrorAnswer = {
  readonly code: TRPCCode;
  readonly message: string;
  readonly reason: DomainErrorCode | "unexpected" | "protocol";
  readonly facts: ErrorFacts;
  readonly fields: readonly FieldProblem[];
};

const fieldsOf = (error: ZodError): FieldProblem[] =>
  error.issues.slice(0, 20).map((issue) => ({ field: issue.path.join(".") || "input", problem: issue.message }));

/** Codes that tRPC raises itself, by what is wrong with the request; their own text may be shown. */
const protocolCodes: ReadonlySet<TRPCCode> = new Set([
  "PARSE_ERROR",
  "BAD_REQUEST",
  "NOT_FOUND",
  "METHOD_NOT_SUPPORTED",
  "UNSUPPORTED_MEDIA_TYPE",
  "PAYLOAD_TOO_LARGE",
  "CLIENT_CLOSED_REQUEST",
]);

/** Turns any failure of a procedure into its answer. Unknown errors give their request id and nothing more. */
export function answerOf(error: TRPCError, requestId: string): ErrorAnswer {
  const { cause } = error;
  if (cause instanceof DomainError)
    return { code: codeOf[cause.code], message: cause.message, reason: cause.code, facts: cause.facts, fields: [] };
  if (cause instanceof ZodError && error.code === "BAD_REQUEST") {
    const fields = fieldsOf(cause);
    const message = `The request was not understood: ${fields.map((one) => `${one.field}: ${one.problem}`).join("; ")}.`;
    return { code: "BAD_REQUEST", message, reason: "bad_input", facts: {}, fields };
  }
  if (cause === undefined && protocolCodes.has(error.code))
    return { code: error.code, message: error.message, reason: "protocol", facts: {}, fields: [] };
  if (cause instanceof SyntaxError && error.code !== "INTERNAL_SERVER_ERROR")
    return {
      code: "BAD_REQUEST",
      message: "The request was not understood: its body is not valid JSON.",
      reason: "bad_input",
      facts: {},
      fields: [],
    };
  return {
    code: "INTERNAL_SERVER_ERROR",
    message: `The console failed to answer. The log has the cause under request ${requestId}.`,
    reason: "unexpected",
    facts: { requestId },
    fields: [],
  };
}
