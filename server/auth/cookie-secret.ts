import { hkdfSync } from "node:crypto";
import type { Settings } from "@/server/platform/settings";

const salt = "caracal-console";
const info = "sign-in cookie, version 1";

/**
 * What seals the sign-in cookie: AUTH_SECRET, or else 32 bytes derived from CONSOLE_DATABASE_URL by HKDF-SHA256, as
 * base64url. Every replica with the same address derives the same; nothing is stored (docs/adr/0008).
 */
export function cookieSecret(settings: Pick<Settings, "AUTH_SECRET" | "CONSOLE_DATABASE_URL">): string {
  if (settings.AUTH_SECRET !== undefined) return settings.AUTH_SECRET;
  return Buffer.from(hkdfSync("sha256", settings.CONSOLE_DATABASE_URL, salt, info, 32)).toString("base64url");
}
