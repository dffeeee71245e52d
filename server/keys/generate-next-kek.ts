import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, unlink } from "node:fs/promises";
import type { Actor } from "@/server/auth/roles";
import { kekFingerprint } from "@/server/caracal/keys/seal";
import { kekStates, type KekProvider } from "@/server/keys/kek-source";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { shellWord } from "@/server/playbooks/revoke-session/shell-quote";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/** Made here, or how to make it elsewhere. The key itself is in neither. */
export type GeneratedKek =
  | { readonly kind: "written"; readonly fingerprint: string }
  | { readonly kind: "by-hand"; readonly why: string; readonly command: string };

const commandFor = (path: string): string => `(umask 077; set -C; openssl rand -hex 32 > ${shellWord(path)})`;

/** Writes a key where nothing is: to a file of its own first, which then gets the name if no other has it. Never half a key. */
async function writeNew(path: string, key: Buffer): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const text = Buffer.from(`${key.toString("hex")}\n`);
  try {
    const file = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } finally {
    text.fill(0);
    await unlink(draft).catch(() => undefined);
  }
}

/**
 * Makes the next KEK in ZONE_KEK_NEXT_FILE, readable by nobody else; where that is not possible gives the one command that does it.
 * Intent and result are on record by fingerprint. @throws conflict when there is a next key already
 */
export async function generateNextKek({
  ctx: { db, keks, actor },
}: {
  ctx: { readonly db: Database; readonly keks: KekProvider; readonly actor: Actor };
}): Promise<GeneratedKek> {
  const next = (await kekStates(keks)).find(({ slot }) => slot === "next");
  if (next?.fingerprint)
    throw new DomainError("conflict", `There is a next key already: ${next.fingerprint}. Use it, or remove it first.`);
  if (next?.trouble)
    throw new DomainError("conflict", `${next.trouble} Put that right or remove it first; it is not overwritten.`);
  const path = keks.nextFile;
  if (path === null)
    return {
      kind: "by-hand",
      why: "ZONE_KEK_NEXT_FILE is not set here, so there is no place for a new key. Make it where the console can read it, and set that.",
      command: commandFor("zone-kek-next"),
    };
  const key = randomBytes(32);
  const fingerprint = kekFingerprint(key);
  const record = (summary: string) =>
    db.transaction((tx) =>
      appendEntries(tx, [
        {
          chain: consoleChain,
          kind: "playbook.kek-generated",
          by: actor,
          summary,
          details: { parameters: { fingerprint } },
        },
      ]),
    );
  try {
    await record(`${actor.name} is making a next KEK, ${fingerprint}`);
    await writeNew(path, key);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST")
      throw new DomainError("conflict", "Somebody has just put a next key there. Look at it again.");
    if (!/^E[A-Z]+$/.test(code)) throw error;
    await record(`The next KEK ${fingerprint} was not written (${code}); it exists nowhere`);
    return {
      kind: "by-hand",
      why: `The file of ZONE_KEK_NEXT_FILE could not be written (${code}). Nothing was left behind. Run this as somebody who may:`,
      command: commandFor(path),
    };
  } finally {
    key.fill(0);
  }
  return { kind: "written", fingerprint };
}
