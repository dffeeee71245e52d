import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

const cost = { N: 1_024, r: 8, p: 1 };

/** An application's secret as the stand-in keeps it. The release uses argon2id; Node 20 has scrypt without a dependency. */
export function hashClientSecret(secret: string, salt: Buffer = randomBytes(16)): string {
  return `scrypt$${salt.toString("base64")}$${scryptSync(secret, salt, 32, cost).toString("base64")}`;
}

/** Whether `secret` is the one that `hash` was made of; false for hashes of another kind. */
export function checkClientSecret(secret: string, hash: string | null): boolean {
  const [kind, salt, sum] = (hash ?? "").split("$");
  if (kind !== "scrypt" || salt === undefined || sum === undefined) return false;
  const wanted = Buffer.from(sum, "base64");
  const found = scryptSync(secret, Buffer.from(salt, "base64"), 32, cost);
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** The secret that the seed gives an application, so that the workload can use it. */
export const seededSecret = (applicationId: string): string => `demo-secret-${applicationId}`;
