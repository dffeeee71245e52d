import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BuildOptions, BuildResult } from "esbuild";

/** What `npm run build` puts beside the server. */
export const threadFile = "audit-thread.cjs";
const source = "server/audit/threads/audit-thread.ts";

/** How the thread's code becomes one file: by the build, and on the spot where there is none (tests, benches, the offline tools). */
export const threadBundle = (checkout: string): BuildOptions => ({
  entryPoints: [join(checkout, source)],
  tsconfig: join(checkout, "tsconfig.json"),
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "silent",
});

let bundled: string | null = null;

/** The script of a worker thread: the built file of a production server, else the source, put together once per process. */
export function threadScript(): { readonly script: string; readonly eval: boolean } {
  const folder = process.cwd(); // of the standalone server, or the checkout
  const built = join(folder, threadFile);
  if (existsSync(built)) return { script: built, eval: false };
  // Asked for by name at run time: the production server is built without it.
  const { buildSync } = createRequire(join(folder, "package.json"))("esbuild") as {
    buildSync: (options: BuildOptions) => BuildResult;
  };
  bundled ??= buildSync({ ...threadBundle(folder), write: false }).outputFiles?.[0]?.text ?? "";
  return { script: bundled, eval: true };
}
