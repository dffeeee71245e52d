import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const keyBytes = 32;

const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, keyBytes, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });

/** A password as it is stored: `scrypt$15$8$1$<salt>$<key>`, base64url, 16 random bytes of salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt);
  return ["scrypt", "15", "8", "1", salt.toString("base64url"), key.toString("base64url")].join("$");
}

const nobody = `scrypt$15$8$1$${Buffer.alloc(16).toString("base64url")}$${Buffer.alloc(keyBytes).toString("base64url")}`;

/** Compares in constant time. `null` (no such account) costs as much as a wrong password and is always false. */
export async function passwordMatches(password: string, stored: string | null): Promise<boolean> {
  const [scheme, n, r, p, salt, key] = (stored ?? nobody).split("$");
  if (scheme !== "scrypt" || n !== "15" || r !== "8" || p !== "1" || salt === undefined || key === undefined)
    return false;
  const wanted = Buffer.from(key, "base64url");
  const found = await derive(password, Buffer.from(salt, "base64url"));
  return wanted.length === found.length && timingSafeEqual(wanted, found) && stored !== null;
}
