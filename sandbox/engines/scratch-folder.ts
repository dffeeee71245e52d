import { chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { forgetFolder, watchFolder } from "@/sandbox/engines/watchdog";

export type User = { readonly uid: number; readonly gid: number };

/** Postgres refuses to run as root: as root it runs as nobody. Null when this process is an ordinary user. */
export function engineUser(): User | null {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
}

function everyoneMayEnter(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (dirname(path) === path) return true;
  }
}

/** A new folder under the system's temp folder that belongs to `user`; removed with `remove`, or when this process ends. */
export function scratchFolder(name: string, user: User | null): { path: string; remove(): void } {
  const wanted = tmpdir();
  const base = wanted.includes(" ") || (user !== null && !everyoneMayEnter(wanted)) ? "/tmp" : wanted;
  const path = mkdtempSync(join(base, `caracal-${name}-`));
  watchFolder(path);
  if (user !== null) chownSync(path, user.uid, user.gid);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      forgetFolder(path);
    },
  };
}
