import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { verifyBundle } from "@/server/evidence/verify-bundle";

const usage = "npm run verify-bundle -- FILE [--key PUBLIC-KEY.pem]";
const mostShown = 50;

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

async function trustedKey(path: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(path));
  } catch {
    return fail(`The key in ${path} cannot be read: it must be a public key in PEM.`);
  }
}

/** Verifies an evidence bundle offline. Exit code 0: whole; 1: not whole, with what is wrong; 2: it could not be looked at. */
async function main(): Promise<void> {
  const { positionals, values } = (() => {
    try {
      return parseArgs({ allowPositionals: true, options: { key: { type: "string" } } });
    } catch {
      return fail(usage);
    }
  })();
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) fail(usage);
  const pinned = values.key === undefined ? undefined : await trustedKey(values.key);
  const verdict = await verifyBundle(path, { pinned }).catch((error: unknown) =>
    fail(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`),
  );
  const { problems, whole, members, entries, profile, fingerprint } = verdict;
  for (const problem of problems.slice(0, mostShown)) console.log(`WRONG  ${problem}`);
  if (problems.length > mostShown) console.log(`WRONG  and ${problems.length - mostShown} more`);
  console.log(
    `${whole ? "WHOLE" : "NOT WHOLE"}  ${members} files, ${entries} timeline entries, profile ${profile ?? "unknown"}`,
  );
  if (fingerprint !== null) {
    console.log(`Key    ${fingerprint}`);
    console.log(
      verdict.pinned
        ? "       compared with the key you gave"
        : "       is the one in the bundle: compare it with the console's, or give yours with --key",
    );
  }
  if (profile === "shared")
    console.log(
      "Shared profile: the links between entries were checked; texts were replaced, so their hashes cannot be.",
    );
  process.exit(whole ? 0 : 1);
}

await main();
