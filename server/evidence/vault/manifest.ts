import type { ClockOffset, DatabaseIdentity, ZoneExtent } from "@/server/caracal/evidence-snapshot";
import type { SigningKey } from "@/server/evidence/signing-key";
import type { Missing, Scope } from "@/server/evidence/vault/schemas";
import type { Written } from "@/server/evidence/vault/write-file";

export type KeptFile = Written & {
  readonly name: string;
  readonly part: string;
  readonly rows: number | null;
  readonly source: string;
};

/** What was true when the snapshot was taken. */
export type SnapshotFacts = {
  readonly database: DatabaseIdentity;
  readonly clock: ClockOffset;
  readonly zones: readonly ZoneExtent[];
};

export type ManifestFacts = {
  readonly item: string;
  readonly deployment: string;
  readonly scope: Scope;
  readonly orderedBy: { readonly id: string; readonly name: string };
  readonly orderedAt: string;
  readonly startedAt: string;
  readonly reason: string;
  readonly incident: { readonly id: string; readonly number: number } | null;
  readonly snapshot: SnapshotFacts | null;
  readonly whole: boolean;
  readonly missing: readonly Missing[]; // also what is no failure, as logs that nobody configured
  readonly files: readonly KeptFile[];
  readonly protection: readonly string[];
  readonly writtenAt: string;
};

/** The names that only the manifest's own files have. */
export const manifestNames = {
  manifest: "manifest.json",
  readme: "README.md",
  key: "public-key.pem",
  digests: "manifest.sha256",
  timeStamp: "manifest.sha256.tsr",
  signature: "manifest.sha256.sig",
} as const;

/** manifest.json: what was preserved, how, from where, when, by whom and why. */
export const manifestJson = (facts: ManifestFacts, key: SigningKey): string =>
  `${JSON.stringify(
    {
      format: "caracal-console-evidence-1",
      ...facts,
      signedWith: { fingerprint: key.fingerprint, derived: key.derived },
    },
    null,
    2,
  )}\n`;

/** The lines of manifest.sha256, as sha256sum writes and reads them. */
export const digestLines = (files: readonly { readonly name: string; readonly sha256: string }[]): string =>
  files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");

/** README.md: how to verify it without this console. */
export const itemReadme = (facts: ManifestFacts, key: SigningKey): string => `# Preserved evidence ${facts.item}

Ordered by ${facts.orderedBy.name} at ${facts.orderedAt}${facts.incident === null ? "" : ` for INC-${facts.incident.number}`}: ${facts.reason}

manifest.json says what each file is, which query gave it, how many rows it has, and its SHA-256 compressed and uncompressed. All rows of the
database are of one snapshot. ${facts.whole ? "" : "IT IS NOT WHOLE. "}${facts.missing.length === 0 ? "Nothing is missing." : `Not preserved: ${facts.missing.map(({ what, why }) => `${what} (${why})`).join("; ")}`}
Without manifest.sha256.sig, which was written last, this is not whole.

## Verify it without the console

    sha256sum --strict -c manifest.sha256
    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.sha256 -sigfile manifest.sha256.sig

The key's fingerprint must be ${key.fingerprint}, and you must have it from somebody other than whoever gave you these files:

    openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
${
  key.derived
    ? "\nThe key was derived from the console's database address, for want of EVIDENCE_SIGNING_KEY: whoever knows that address could sign too.\n"
    : ""
}
Where manifest.sha256.tsr is there, an authority put a time on manifest.sha256 (RFC 3161). Its certificate comes from the authority:

    openssl ts -verify -in manifest.sha256.tsr -data manifest.sha256 -CAfile authority.pem

Each file uncompressed has the digest plainSha256 of the manifest:

    gunzip -c audit_events.csv.gz | sha256sum

## Judge Caracal's audit chain in it

With a checkout of the console, and AUDIT_HMAC_KEY in the environment:

    gunzip -k *.gz
    npm run verify-evidence -- --rows audit_events.csv --stream caracal.audit.events.jsonl --dlq caracal.audit.events.dlq.jsonl

That reads whole chains. Where a window was preserved, an event that came late may look removed: preserve the whole zone to judge it.
caracal.audit.events.waiting.jsonl holds what was not yet ingested, and has no rows.
`;
