import type { ExportContent } from "@/server/evidence/content";
import type { SigningKey } from "@/server/evidence/signing-key";

const leftOut = `## What was left out

This is the shared profile, made for people outside:

- People are called responder-1, responder-2 and so on, the same person by the same number throughout this bundle.
- Zones, subjects, sessions and other ids are replaced by short keyed hashes that cannot be looked up.
- Addresses, request ids, e-mail addresses, notes, the details of entries, the parameters and reasons of approvals, comments
  and attachments are left out. incident.json lists the digests of the attachments.
- Sentences in the timeline and in the post-mortem went through a list of known names and ids and through patterns for
  addresses. What people typed in their own words can hold more than such a list knows: read it before you pass it on.

timeline.jsonl keeps each entry's hash and its link to the entry before. The links can be checked; the hashes cannot be made
again from the texts here, because the texts are not those that were hashed. The holder of the full bundle can do that.
`;

const timelineHow = `## The timeline by hand

Each line of timeline.jsonl is one entry with every column of the database's table. Its hash is SHA-256, in hex, over this text:
the line "caracal-timeline-1", then prev_hash, chain, seq, at, kind, actor_id, actor_name, actor_roles, address, request_id,
summary and details, each as its length in bytes, a colon, the text and a line feed, or as a minus sign and a line feed for null.
\`details\` is the text as it is stored. prev_hash is the hash of the entry before; of the first one, 64 zeros.
`;

/** The README of a bundle: what is in it and the commands that verify it without the console. */
export function bundleReadme(content: ExportContent, key: SigningKey, entries: number): string {
  const { number, profile, exportedAt } = content;
  const origin = key.derived
    ? "The console that made this bundle has no signing key of its own set: the key is derived from the address of its database, so that whoever knows that address could sign too."
    : "The key is the one that the console was given to sign with.";
  return `# INC-${number}: evidence bundle

Exported at ${exportedAt} (UTC, the database's clock), profile ${profile}, ${entries} timeline entries.

- incident.json: the incident, its roles, signals, clocks, links and the list of its attachments
- timeline.jsonl: the timeline, one entry per line, oldest first
- post-mortem.md: the post-mortem as it reads at that moment
- approvals.json: what was asked for and who voted
- proofs.json: playbook runs and what was observed
- watches.json: figures that were watched, with their samples; a sample without a value is a gap
${profile === "full" ? "- anchors.jsonl: heads of Caracal's audit chains as the console saw them, one signed anchoring per line; `npm run verify-evidence -- --rows FILE --anchors anchors.jsonl` holds rows against them\n- attachments/: each under its SHA-256 and its name\n" : ""}- manifest.sha256: the SHA-256 of every file above, of this one and of public-key.pem
- manifest.sha256.sig: 64 bytes, the Ed25519 signature over manifest.sha256

## Verify it

Unpack it into a folder of its own (\`mkdir bundle && tar -xf FILE -C bundle && cd bundle\`), then:

    sha256sum -c manifest.sha256
    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.sha256 -sigfile manifest.sha256.sig

The first command says OK for each file, the second says that the signature was verified (OpenSSL 3). That the key is the console's is for you
to compare with what the console shows, or with an earlier bundle:

    openssl pkey -pubin -in public-key.pem -outform DER | sha256sum

prints ${key.fingerprint}

${origin}

The console's own verifier looks at every byte of the file and at every link of the timeline: \`npm run verify-bundle -- FILE\`,
and with \`--key public-key.pem\` of your own it accepts no other key.

${profile === "full" ? timelineHow : leftOut}`;
}
