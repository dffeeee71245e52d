import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes a vault's folder, its items read-only as they are. */
export async function removeVault(folder: string): Promise<void> {
  for (const item of await readdir(folder).catch(() => []))
    await chmod(join(folder, item), 0o700).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
