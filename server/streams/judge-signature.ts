import { timingSafeEqual } from "node:crypto";
import { dataSignature } from "@/server/audit/verify/seals";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import type { RawEntry } from "@/server/caracal/streams/entries";
import { auditStream, isDeadLetterStream, isSignedStream } from "@/server/caracal/streams/expected-streams";
import type { StreamEntry } from "@/server/streams/schemas";

export type SignatureKeys = { readonly streamsKey: Buffer | null; readonly auditKey: Buffer | null };
type Judged = Pick<StreamEntry, "signature" | "consequence">;

const keyNames = { streamsKey: "STREAMS_HMAC_KEY", auditKey: "AUDIT_HMAC_KEY" } as const;
const unchecked = (key: keyof SignatureKeys): Judged => ({
  signature: "no-key",
  consequence: `${keyNames[key]} is not set here, so it cannot be checked.`,
});

/** Whether an entry's signature holds, and what its consumers make of that (contract section 3, traps 2, 11 and 18). Pure. */
export function judgeSignature(keys: SignatureKeys, stream: string, entry: RawEntry): Judged {
  if (stream === auditStream) return judgeAudit(keys.auditKey, entry);
  const dead = stream.endsWith(".dead");
  if (!isSignedStream(stream) || (isDeadLetterStream(stream) && !dead))
    return { signature: "not-signed-stream", consequence: null };
  if (keys.streamsKey === null) return unchecked("streamsKey");
  const signature = checkStreamSignature(keys.streamsKey, stream, entry.fields);
  if (signature === "valid") return { signature, consequence: null };
  return {
    signature,
    consequence: dead
      ? "Nothing reads this stream, but whoever wrote it does not hold STREAMS_HMAC_KEY."
      : "Every consumer that holds the key will acknowledge it and drop it: it is never applied, and pending stays 0.",
  };
}

function judgeAudit(key: Buffer | null, { fields }: RawEntry): Judged {
  const { data, sig } = fields;
  if (data === undefined)
    return { signature: "missing", consequence: "Ingestion will dead-letter it: missing_data_field." };
  if (key === null) return unchecked("auditKey");
  const wanted = Buffer.from(dataSignature(key, data));
  const given = Buffer.from(sig ?? "");
  if (given.length === wanted.length && timingSafeEqual(given, wanted))
    return { signature: "valid", consequence: null };
  const replay = /"event_type"\s*:\s*"replay_detected"/.test(data);
  return {
    signature: sig === undefined || sig === "" ? "missing" : "invalid",
    consequence: replay
      ? "Ingestion will dead-letter it, as every replay_detected: a security signal about a replayed mandate, not a fault."
      : "Ingestion will dead-letter it as hmac_verify_failed: it is not in the audit log. When every entry says so, a key differs.",
  };
}
