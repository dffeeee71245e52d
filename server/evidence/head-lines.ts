import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { z } from "zod";
import { signatureHolds, signBytes, type SigningKey } from "@/server/evidence/signing-key";
import type { KeptHead } from "@/server/timeline/verify-chain";

/** The head of a chain at one moment, as it is kept outside: one JSON text per line, signed. */
const headLine = z.object({
  chain: z.uuid(),
  seq: z.number().int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.string().max(40), // of the entry
  writtenAt: z.string().max(40),
  key: z.string().max(64), // fingerprint of the key that signed
  signature: z.string().max(100), // base64, over signedText
});
export type HeadLine = z.infer<typeof headLine>;
type Head = Omit<HeadLine, "key" | "signature">;

const signedText = ({ chain, seq, hash, at, writtenAt }: Head): string =>
  `caracal-timeline-head-1\n${chain}\n${seq}\n${hash}\n${at}\n${writtenAt}\n`;

export const headLineOf = (key: SigningKey, head: Head): string =>
  JSON.stringify({ ...head, key: key.fingerprint, signature: signBytes(key, signedText(head)).toString("base64") });

/** Appends whole lines and has them on the disk when it returns. A line that a crash cut short is ended first. */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  const file = await open(path, "a+", 0o640);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const start = size > 0 && last[0] !== 0x0a ? "\n" : "";
    await file.appendFile(`${start}${lines.join("\n")}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

export type LinesFound = {
  readonly heads: readonly KeptHead[];
  readonly unreadable: number; // lines that are no head
  readonly unsigned: number; // of this chain, with a signature that is not ours
};

/** The heads of one chain in the file, whose signatures hold under our key. Reads line by line. */
export async function readLines(path: string, chain: string, key: Pick<SigningKey, "publicKey">): Promise<LinesFound> {
  const heads: KeptHead[] = [];
  let [unreadable, unsigned] = [0, 0];
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (line === "") continue;
    const parsed = headLine.safeParse(jsonOf(line));
    if (!parsed.success) unreadable += 1;
    else if (parsed.data.chain === chain) {
      const { signature, seq, hash, writtenAt } = parsed.data;
      if (signatureHolds(key.publicKey, signedText(parsed.data), Buffer.from(signature, "base64")))
        heads.push({ seq, hash, writtenAt });
      else unsigned += 1;
    }
  }
  return { heads, unreadable, unsigned };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
