import { DomainError, messageOf } from "@/server/platform/errors";

/** What one check found. `found` says it in a sentence; `fix` says what to do, null where nothing is to be done. */
export type Finding = {
  readonly name: string;
  readonly status: "fail" | "warn" | "skipped" | "ok";
  readonly found: string;
  readonly fix: string | null;
};

export const ok = (name: string, found: string): Finding => ({ name, status: "ok", found, fix: null });
export const warn = (name: string, found: string, fix: string): Finding => ({ name, status: "warn", found, fix });
export const fail = (name: string, found: string, fix: string): Finding => ({ name, status: "fail", found, fix });
export const skipped = (name: string, found: string): Finding => ({ name, status: "skipped", found, fix: null });

/** The first few of many, and how many more: "a, b and 3 more". */
export function few(items: readonly string[], most = 6): string {
  if (items.length > most) return `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** Why something did not answer, as its driver says it, ended like a sentence. */
export function reasonOf(error: unknown): string {
  const text = messageOf(error instanceof DomainError && error.cause !== undefined ? error.cause : error).trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
