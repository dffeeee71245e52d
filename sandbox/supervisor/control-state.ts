import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const file = fileURLToPath(new URL("../../.cache/demo-control.json", import.meta.url));
const schema = z.object({ url: z.url(), token: z.string(), pid: z.number() });
export type ControlState = z.infer<typeof schema>;

/** Says where the running demo takes its drills. Readable by its user only. */
export function writeControlState(state: ControlState): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
}

/** Null when no demo runs in this checkout. */
export function readControlState(): ControlState | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

/** Removes the file when it is still this process's. */
export function removeControlState(): void {
  if (readControlState()?.pid === process.pid) rmSync(file, { force: true });
}
