import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const parts = [
  "app",
  "components",
  "server",
  "public",
  "proxy.ts",
  "instrumentation.ts",
  "next.config.ts",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];

/** SHA-256 over everything that a build is made of: path and content of each file, tests left out. */
export function sourceStamp(checkout: string): string {
  const hash = createHash("sha256");
  const add = (path: string) => {
    const full = join(checkout, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) add(join(path, name));
    } else if (!/\.test\.tsx?$/.test(path)) {
      hash.update(`${path}\0`).update(readFileSync(full)).update("\0");
    }
  };
  for (const part of parts) add(part);
  return hash.digest("hex");
}
