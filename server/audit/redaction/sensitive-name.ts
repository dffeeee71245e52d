/** Words that name something secret or personal. A member whose name holds one of them is hidden whole. */
const secretWords = new Set([
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "secrets",
  "token",
  "tokens",
  "jwt",
  "jws",
  "bearer",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "assertion",
  "otp",
  "totp",
  "pin",
  "pem",
  "hmac",
  "signature",
  "seed",
  "salt",
]);
const personalWords = new Set(["email", "mail", "phone", "msisdn", "ssn", "iban", "birthdate", "dob"]);
const addressWords = new Set(["ip", "ips", "ipaddr", "ipaddress", "forwarded", "xff"]);
const keyedWords = new Set(["api", "private", "secret", "access", "encryption", "signing", "master", "shared"]);
/** Written in one word: clientsecret, accesstoken. */
const runTogether = /password|passwd|secret|token|credential|apikey|privatekey|accesskey/;
/** What ends in one of these speaks about a secret and holds none: token_type, secret_version, key_id. */
const about = new Set(
  "type kind id ids count name version ttl status alg algorithm size length required present valid exchange endpoint".split(
    " ",
  ),
);

/** Why a member of this name is hidden: it names a secret, a person's data or a network address. Null: the name alone says nothing. */
export function sensitiveName(name: string): "secret" | "personal" | "address" | null {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  if (words.some((word) => personalWords.has(word))) return "personal";
  if (words.some((word) => addressWords.has(word))) return "address";
  if (words.length > 1 && about.has(words.at(-1) ?? "")) return null;
  if (words.some((word) => secretWords.has(word) || runTogether.test(word))) return "secret";
  return words.some((word, at) => word === "key" && keyedWords.has(words[at - 1] ?? "")) ? "secret" : null;
}
