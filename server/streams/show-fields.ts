import { createHash } from "node:crypto";
import { parse, stringify } from "lossless-json";

const maxValue = 4_000;
const maxDecoded = 8_000;
const harmless = new Set(["dedupe_key"]);
const secretWords = "sig|signature|secret|token|password|key|hmac|authorization|cookie";
const secretName = new RegExp(`(^|_|-)(${secretWords})$`, "i");
const secretCamel = /[a-z](Sig|Signature|Secret|Token|Password|Key|Hmac|Authorization|Cookie)$/;
const jwt = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const member = /"((?:[^"\\]|\\.)*)"(\s*:\s*)"((?:[^"\\]|\\.)*)"/g;

/** First 12 hex of SHA-256: enough to compare two values, useless to act with. */
const fingerprint = (value: string): string =>
  `sha256:${createHash("sha256").update(value).digest("hex").slice(0, 12)}`;

const isSecret = (name: string): boolean => !harmless.has(name) && (secretName.test(name) || secretCamel.test(name));

/** A text without what could be acted with: mandates, credentials and private keys, in JSON also the values of members so called. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(pem, (key) => `[private key ${fingerprint(key)}]`)
    .replaceAll(jwt, (token) => `[mandate ${fingerprint(token)}]`)
    .replaceAll(bearer, (given, scheme: string) => `${scheme} [${fingerprint(given)}]`)
    .replaceAll(member, (all, name: string, colon: string, value: string) =>
      isSecret(name) ? `"${name}"${colon}"${fingerprint(value)}"` : all,
    );
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;

/** A message's fields as they may leave the server: signatures and secrets as fingerprints, mandates cut out, long values cut. */
export function showFields(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isSecret(name) ? fingerprint(value) : cut(withoutSecrets(value), maxValue),
    ]),
  );
}

/** The fields that hold a JSON object or list, on several lines, numbers digit by digit; the same is left out of them as of the fields. */
export function decodeFields(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const decoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (isSecret(name) || !/^\s*[{[]/.test(value)) continue;
    try {
      const text = stringify(parse(withoutSecrets(value)), undefined, 2);
      if (text !== undefined) decoded[name] = cut(text, maxDecoded);
    } catch {
      // no JSON after all: it is shown as it is
    }
  }
  return decoded;
}
