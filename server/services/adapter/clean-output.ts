import { randomBytes } from "node:crypto";
import { createRedactor } from "@/server/evidence/redactor";
import { DomainError } from "@/server/platform/errors";
import { withoutCredentials } from "@/server/platform/without-credentials";
import type { LogText } from "@/server/services/adapter/adapter";

const mostLines = 500;
const longestLine = 2_000;
const shortestSecret = 8;
const named =
  /((?:secret|password|passwd|token|authorization|api[_-]?key|hmac[_-]?key|kek)["']?\s{0,3}[:=]\s{0,3})("[^"]*"|'[^']*'|(?:Bearer\s+)?[^\s,;}&]+)/gi;
// Colours and other controls: a terminal's business, and a way to hide text from who reads it
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const controls = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export type Clean = {
  /** Lines as they may be shown, the newest 500. */
  lines(text: string, cut: boolean): LogText;
  /** A refusal in words without secrets. */
  refusal(error: unknown): unknown;
};

/**
 * Takes out of what services say whatever must not travel: the console's own secrets wherever they stand, values named as secrets,
 * tokens, passwords in addresses; and ids, addresses and people as in exports, the same stand-in for the same one.
 */
export function createClean(secrets: readonly string[]): Clean {
  const redactor = createRedactor({ people: [], zones: [], ids: [], key: randomBytes(32) });
  const known = secrets.filter((one) => one.length >= shortestSecret).sort((a, b) => b.length - a.length);
  const line = (given: string): string => {
    let out = given.replaceAll(controls, "");
    for (const secret of known) out = out.replaceAll(secret, "(hidden)");
    if (out.length > longestLine) out = `${out.slice(0, longestLine)}…`; // after the secrets: half of one would be shown
    return redactor.text(withoutCredentials(out).replaceAll(named, "$1(hidden)"));
  };
  return {
    lines(text, cut) {
      const all = text.split("\n").filter((one) => one.trim() !== "");
      return { lines: all.slice(-mostLines).map(line), cut: cut || all.length > mostLines };
    },
    refusal: (error) =>
      error instanceof DomainError ? new DomainError(error.code, line(error.message), error.facts) : error,
  };
}
