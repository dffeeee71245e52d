import { createHash } from "node:crypto";

const maxValue = 4_000;
const secretName = /(^|_)(sig|secret|token|password|key|hmac|authorization|cookie)$/i;
const jwt = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;

/** First 12 hex of SHA-256: enough to compare two values, useless to act with. */
const fingerprint = (value: string): string =>
  `sha256:${createHash("sha256").update(value).digest("hex").slice(0, 12)}`;

/** A message's fields as they may leave the server: signatures and secrets as fingerprints, mandates cut out, long values cut. */
export function showFields(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (secretName.test(name)) return [name, fingerprint(value)];
      const clean = value.replaceAll(jwt, (token) => `[mandate ${fingerprint(token)}]`);
      return [name, clean.length > maxValue ? `${clean.slice(0, maxValue)}… (${clean.length} characters)` : clean];
    }),
  );
}
