import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@/server/platform/errors";

export type LogFile = { readonly name: string; readonly path: string; readonly size: number };

const mostFiles = 200;
const slackMs = 60 * 60_000; // a file is written to until after the window, and turned over late

/**
 * The log files of a folder that were written to in the window or after it began, newest last, each up to the size that it has now; a
 * sentence where some or all are not. `cut`: there are logs, or there may be, that were asked for and are not among them. Never throws.
 */
export async function logFiles(
  folder: string | undefined,
  from: string | null,
): Promise<{ readonly files: readonly LogFile[]; readonly why: string | null; readonly cut: boolean }> {
  if (folder === undefined)
    return { files: [], why: "POSTGRES_LOG_FOLDER is not set: the console does not know where they are.", cut: false };
  try {
    const found: (LogFile & { readonly changed: number })[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || !/^[\w.-]+$/.test(entry.name)) continue;
      const path = join(folder, entry.name);
      const { size, mtimeMs } = await stat(path);
      if (size > 0 && (from === null || mtimeMs >= Date.parse(from) - slackMs))
        found.push({ name: entry.name, path, size, changed: mtimeMs });
    }
    if (found.length === 0)
      return { files: [], why: "No file in POSTGRES_LOG_FOLDER was written to in the window.", cut: false };
    const files = found.sort((a, b) => a.changed - b.changed).slice(-mostFiles);
    const cut = found.length > files.length;
    return { files, why: cut ? `Only the newest ${mostFiles} of ${found.length} log files.` : null, cut };
  } catch (error) {
    return { files: [], why: `POSTGRES_LOG_FOLDER cannot be read: ${messageOf(error)}.`, cut: true };
  }
}

/** A log file up to the size that it had when it was listed. */
export const readLog = ({ path, size }: LogFile): AsyncIterable<Buffer> => createReadStream(path, { end: size - 1 });
