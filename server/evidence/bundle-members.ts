import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { blockSize, readHeader } from "@/server/evidence/tar-block";
import { anchorsJudge } from "@/server/evidence/bundle-anchors";
import { timelineJudge } from "@/server/evidence/bundle-timeline";

const listed = [
  "README.md",
  "public-key.pem",
  "incident.json",
  "timeline.jsonl",
  "post-mortem.md",
  "approvals.json",
  "proofs.json",
];
const sealing = ["manifest.sha256", "manifest.sha256.sig"];
export const required: readonly string[] = [...listed, ...sealing];

/** Members that bundles have since they exist: an older one lacks them. */
export const optional: readonly string[] = ["watches.json", "anchors.jsonl"];

const attachment = /^attachments\/[0-9a-f]{64}-[A-Za-z0-9_-][A-Za-z0-9._-]{0,34}$/;
const kept = new Set([...sealing, "public-key.pem", "incident.json"]);
const mostKept = 33_554_432; // bytes of a member that is held in memory
const chunkSize = 262_144;

export type Walked = {
  readonly digests: ReadonlyMap<string, string>; // SHA-256 of each member, by name
  readonly contents: ReadonlyMap<string, Buffer>; // of the few that are needed whole
  readonly problems: readonly string[];
  readonly entries: number; // of the timeline, that hold
  readonly profile: "full" | "shared" | null;
  readonly toTheEnd: boolean; // false when a damaged header kept the rest from being read
};

/** What incident.json says of itself; null when it cannot be read. */
function aboutIncident(bytes: Buffer | undefined): { chain: string | null; profile: Walked["profile"] } {
  try {
    const parsed = JSON.parse(bytes?.toString("utf8") ?? "") as { profile?: unknown; incident?: { id?: unknown } };
    const { profile } = parsed;
    const chain = parsed.incident?.id;
    return {
      chain: typeof chain === "string" ? chain : null,
      profile: profile === "full" || profile === "shared" ? profile : null,
    };
  } catch {
    return { chain: null, profile: null };
  }
}

/**
 * Walks a bundle once from its first byte to its last without unpacking anything. Every byte is either a member's content, which
 * is hashed, or has the one value that it can have; what differs is named by member and place.
 */
export async function walkBundle(file: FileHandle, size: number): Promise<Walked> {
  const digests = new Map<string, string>();
  const contents = new Map<string, Buffer>();
  const problems: string[] = [];
  let entries = 0;
  let position = 0;
  let before = "the beginning";
  const read = async (length: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, position);
    position += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0);
  const result = (toTheEnd: boolean): Walked => {
    const { profile } = aboutIncident(contents.get("incident.json"));
    return { digests, contents, problems, entries, profile, toTheEnd };
  };

  async function member(name: string, length: number): Promise<boolean> {
    const hash: Hash = createHash("sha256");
    const about = aboutIncident(contents.get("incident.json"));
    const judge = name === "timeline.jsonl" ? timelineJudge(about.chain, about.profile !== "shared") : null;
    const anchors = name === "anchors.jsonl" ? anchorsJudge(contents.get("public-key.pem")) : null;
    const whole: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const chunk = await read(Math.min(left, chunkSize));
      if (chunk.length === 0) {
        problems.push(`${name}: the file ends within it, ${left} bytes too early`);
        return false;
      }
      left -= chunk.length;
      hash.update(chunk);
      judge?.take(chunk);
      anchors?.take(chunk);
      if (kept.has(name) && length <= mostKept) whole.push(chunk);
    }
    const judged = judge?.end();
    entries = judged?.entries ?? entries;
    if (judged?.problem != null) problems.push(`timeline.jsonl: ${judged.problem}`);
    problems.push(...(anchors?.end() ?? []).map((problem) => `anchors.jsonl: ${problem}`));
    digests.set(name, hash.digest("hex"));
    if (kept.has(name)) contents.set(name, Buffer.concat(whole));
    const from = position;
    const padding = await read((blockSize - (length % blockSize)) % blockSize);
    if (!isZero(padding)) problems.push(`${name}: the filling after it, from byte ${from} of the file, was changed`);
    return true;
  }

  for (;;) {
    const at = position;
    const block = await read(blockSize);
    if (block.length < blockSize) {
      problems.push(`the file ends after ${before}, at byte ${at}, without the mark of its end: it was cut off`);
      return result(false);
    }
    if (isZero(block)) break;
    const header = readHeader(block);
    if (header === null) {
      const named = block.toString("latin1", 0, 100).replaceAll(/[^\x21-\x7e]+/g, "");
      problems.push(
        `the header after ${before} (byte ${at}, it names "${named}") was changed, and what follows cannot be told apart`,
      );
      return result(false);
    }
    const { name } = header;
    if (!required.includes(name) && !optional.includes(name) && !attachment.test(name))
      problems.push(`${JSON.stringify(name)}: a bundle has no such member`);
    if (digests.has(name)) problems.push(`${JSON.stringify(name)}: it is there twice`);
    if (!(await member(name, header.size))) return result(false);
    before = name;
  }
  const end = await read(blockSize);
  if (end.length < blockSize || !isZero(end) || position !== size)
    problems.push(`the end of the file, from byte ${position - end.length} on, is not what a bundle ends with`);
  return result(true);
}
