import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { kekFingerprint } from "@/server/caracal/keys/seal";

/** Which key of the console's: the one in use, or the one that is to replace it. */
export const kekSlots = ["current", "next"] as const;
export type KekSlot = (typeof kekSlots)[number];

/** Where keys come from. Today the environment and files; a KMS or Vault is one more of these. */
export type KekProvider = {
  /** The 32 bytes, a fresh buffer that the caller zeroes; null when the slot is not configured. @throws KekTrouble */
  load(slot: KekSlot): Promise<Buffer | null>;
  /** How the operator knows this slot: the setting's name. */
  nameOf(slot: KekSlot): string;
  /** The file that a fresh next key may be written to; null when there is none. */
  readonly nextFile: string | null;
};

/** Why a configured key cannot be used. The message names the setting, never a byte of the key. */
export class KekTrouble extends Error {
  override readonly name = "KekTrouble";
}

export type KekSettings = {
  readonly ZONE_KEK?: string | undefined;
  readonly ZONE_KEK_FILE?: string | undefined;
  readonly ZONE_KEK_NEXT?: string | undefined;
  readonly ZONE_KEK_NEXT_FILE?: string | undefined;
};

const keyBytes = 32;
const mostFileBytes = 256;
const names = { current: "ZONE_KEK", next: "ZONE_KEK_NEXT" } as const;

function parse(text: Buffer, name: string): Buffer {
  let end = text.length;
  while (end > 0 && (text[end - 1] === 0x0a || text[end - 1] === 0x0d || text[end - 1] === 0x20)) end -= 1;
  const key = Buffer.alloc(keyBytes);
  try {
    if (end !== keyBytes * 2) throw new KekTrouble(`${name} holds ${end} characters, not 64 hex characters.`);
    for (let at = 0; at < keyBytes; at += 1) {
      const [high, low] = [nibble(text[at * 2]), nibble(text[at * 2 + 1])];
      if (high === null || low === null) throw new KekTrouble(`${name} holds something that is not hex.`);
      key[at] = high * 16 + low;
    }
    if (key.every((byte) => byte === 0)) throw new KekTrouble(`${name} is all zeros.`);
    return key;
  } catch (error) {
    key.fill(0);
    throw error;
  }
}

function nibble(code: number | undefined): number | null {
  if (code === undefined) return null;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : null;
}

async function readKeyFile(path: string, name: string): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new KekTrouble(`${name}_FILE cannot be read (${error.code ?? "unknown error"}).`);
  });
  if (file === null) return null;
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new KekTrouble(`${name}_FILE is not a file.`);
    if ((facts.mode & 0o077) !== 0)
      throw new KekTrouble(
        `${name}_FILE can be read by others (mode ${(facts.mode & 0o777).toString(8)}). Take that away: chmod 600.`,
      );
    if (facts.size > mostFileBytes) throw new KekTrouble(`${name}_FILE is larger than a key.`);
    const text = Buffer.alloc(mostFileBytes);
    try {
      const { bytesRead } = await file.read(text, 0, mostFileBytes, 0);
      return parse(text.subarray(0, bytesRead), `${name}_FILE`);
    } finally {
      text.fill(0);
    }
  } finally {
    await file.close();
  }
}

/** Keys from ZONE_KEK and ZONE_KEK_NEXT or their _FILE forms. Files are read each time: a key that is put there is there. */
export function kekFromSettings(settings: KekSettings): KekProvider {
  const given = {
    current: { text: settings.ZONE_KEK, file: settings.ZONE_KEK_FILE },
    next: { text: settings.ZONE_KEK_NEXT, file: settings.ZONE_KEK_NEXT_FILE },
  };
  return {
    nameOf: (slot) => (given[slot].file === undefined ? names[slot] : `${names[slot]}_FILE`),
    nextFile: given.next.text === undefined ? (given.next.file ?? null) : null,
    async load(slot) {
      const { text, file } = given[slot];
      if (text !== undefined) {
        const bytes = Buffer.from(text, "latin1");
        try {
          return parse(bytes, names[slot]);
        } finally {
          bytes.fill(0);
        }
      }
      return file === undefined ? null : readKeyFile(file, names[slot]);
    },
  };
}

export type KekState = {
  readonly slot: KekSlot;
  readonly setting: string;
  readonly fingerprint: string | null; // null: not there or not usable
  readonly trouble: string | null; // why it is not usable, in words; null also when it is simply not configured
};

/** The keys while `work` runs, zeroed afterwards whatever happens. A slot that is not there or not usable is null. */
export async function withKeks<T>(
  provider: KekProvider,
  work: (keks: Readonly<Record<KekSlot, Buffer | null>>, states: readonly KekState[]) => Promise<T>,
): Promise<T> {
  const keks: Record<KekSlot, Buffer | null> = { current: null, next: null };
  const states: KekState[] = [];
  try {
    for (const slot of kekSlots) {
      let trouble: string | null = null;
      try {
        keks[slot] = await provider.load(slot);
      } catch (error) {
        if (!(error instanceof KekTrouble)) throw error;
        trouble = error.message;
      }
      if (slot === "next" && keks.next !== null && keks.current?.equals(keks.next) === true) {
        keks.next.fill(0);
        keks.next = null;
        trouble = `${provider.nameOf("next")} is the same key as ${provider.nameOf("current")}.`;
      }
      const key = keks[slot];
      states.push({
        slot,
        setting: provider.nameOf(slot),
        fingerprint: key === null ? null : kekFingerprint(key),
        trouble,
      });
    }
    return await work(keks, states);
  } finally {
    for (const slot of kekSlots) keks[slot]?.fill(0);
  }
}

/** What the slots hold, by fingerprint. */
export const kekStates = (provider: KekProvider): Promise<readonly KekState[]> =>
  withKeks(provider, async (_keks, states) => states);
