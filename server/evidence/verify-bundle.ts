import { createPublicKey, type KeyObject } from "node:crypto";
import { open } from "node:fs/promises";
import { required, walkBundle, type Walked } from "@/server/evidence/bundle-members";
import { fingerprintOf, signatureHolds } from "@/server/evidence/signing-key";

export type BundleVerdict = {
  readonly whole: boolean;
  readonly problems: readonly string[]; // in words, each names the member or the place
  readonly members: number;
  readonly entries: number;
  readonly profile: "full" | "shared" | null;
  readonly fingerprint: string | null; // of the key that the bundle brings along
  readonly pinned: boolean; // the key was compared with one that the caller trusts
};

function publicKeyOf(pem: Buffer | undefined): KeyObject | null {
  try {
    const key = createPublicKey(pem ?? "");
    return key.asymmetricKeyType === "ed25519" ? key : null;
  } catch {
    return null;
  }
}

/** What the manifest says against what is there. */
function againstManifest({ digests, contents, toTheEnd }: Walked): string[] {
  const problems: string[] = [];
  const manifest = contents.get("manifest.sha256");
  if (manifest === undefined) return problems;
  const named = new Set(["manifest.sha256", "manifest.sha256.sig"]);
  const text = manifest.toString("utf8");
  const lines = text.split("\n");
  if (lines.pop() !== "") problems.push("manifest.sha256: its last line is cut short");
  for (const [index, line] of lines.entries()) {
    const parts = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line);
    const [, sha256 = "", name = ""] = parts ?? [];
    if (parts === null) problems.push(`manifest.sha256: line ${index + 1} is not a digest and a name`);
    else if (named.has(name)) problems.push(`manifest.sha256: it names ${name} twice, or names itself`);
    else if (!digests.has(name)) problems.push(`${name}: the manifest names it, and it is missing`);
    else if (digests.get(name) !== sha256) problems.push(`${name}: its bytes differ from the manifest`);
    named.add(name);
  }
  for (const name of digests.keys()) if (!named.has(name)) problems.push(`${name}: the manifest does not name it`);
  return toTheEnd ? problems : problems.filter((problem) => !problem.endsWith("it is missing"));
}

/**
 * Verifies a bundle offline, without unpacking it: every byte of the file, the manifest, the signature, each file and each
 * entry of the timeline. With `pinned` no other key is accepted.
 * @throws when the file cannot be read
 */
export async function verifyBundle(
  path: string,
  options: { readonly pinned?: KeyObject } = {},
): Promise<BundleVerdict> {
  const file = await open(path, "r");
  let walked: Walked;
  try {
    walked = await walkBundle(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
  const { digests, contents, toTheEnd } = walked;
  const problems = [...walked.problems];
  if (toTheEnd) for (const name of required) if (!digests.has(name)) problems.push(`${name}: it is missing`);
  problems.push(...againstManifest(walked).filter((problem) => !problems.includes(problem)));
  if (toTheEnd && walked.profile === null) problems.push("incident.json: it does not say which profile this is");

  const brought = publicKeyOf(contents.get("public-key.pem"));
  const fingerprint = brought === null ? null : fingerprintOf(brought);
  if (brought === null && contents.has("public-key.pem"))
    problems.push("public-key.pem: it is not an Ed25519 public key");
  const { pinned } = options;
  if (pinned !== undefined && fingerprint !== null && fingerprint !== fingerprintOf(pinned))
    problems.push(`public-key.pem: it is another key (${fingerprint}) than the one given (${fingerprintOf(pinned)})`);
  const key = pinned ?? brought;
  const [manifest, signature] = [contents.get("manifest.sha256"), contents.get("manifest.sha256.sig")];
  if (key !== null && manifest !== undefined && signature !== undefined && !signatureHolds(key, manifest, signature))
    problems.push(
      "manifest.sha256.sig: the signature does not hold: it, manifest.sha256 or public-key.pem was changed, or another key signed",
    );
  return {
    whole: problems.length === 0 && key !== null && manifest !== undefined && signature !== undefined,
    problems,
    members: digests.size,
    entries: walked.entries,
    profile: walked.profile,
    fingerprint,
    pinned: pinned !== undefined,
  };
}
