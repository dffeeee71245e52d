/**
 * Every way the domain can refuse. The code decides the HTTP status and the wording (server/trpc/error-map.ts);
 * `facts` holds only values that may be shown to the operator, never a secret.
 */
export type DomainErrorCode =
  | "bad_input"
  | "not_signed_in"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "stale_cursor"
  | "precondition_failed"
  | "rate_limited"
  | "source_unreachable"
  | "not_configured";

export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>;

const brand = Symbol.for("caracal-console.domain-error");

/** A refusal with a code the error map knows. `message` is one plain sentence: what happened and what to do. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly [brand] = true;

  /** By brand: Next loads start-up code and route handlers as separate module graphs, each with a class of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }

  constructor(
    readonly code: DomainErrorCode,
    message: string,
    readonly facts: ErrorFacts = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The text of any thrown value, for logs and "why is this source failing" lines. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  const message = error instanceof Error ? error.message : String(error);
  return clientWords.get(message) ?? message;
}

/** What a driver says about itself, in words about the source. */
const clientWords: ReadonlyMap<string, string> = new Map([
  ["Stream isn't writeable and enableOfflineQueue options is false", "the connection is closed"],
]);
