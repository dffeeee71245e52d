import { createHash, randomBytes } from "node:crypto";
import { Integer, OctetString } from "asn1js";
import { AlgorithmIdentifier, MessageImprint, SignedData, TimeStampReq, TimeStampResp, TSTInfo } from "pkijs";
import { guardedRequest } from "@/server/notifications/guarded-request";
import { messageOf } from "@/server/platform/errors";
import type { Settings } from "@/server/platform/settings";

export type StampSettings = Pick<Settings, "TIMESTAMP_AUTHORITY_URL" | "NOTIFY_ALLOW_HOSTS">;
export type Stamped = { readonly words: string; readonly reply: Buffer | null };

const sha256Id = "2.16.840.1.101.3.4.2.1";
const statusWords = ["granted", "granted with changes", "rejected", "waiting", "revocation warning", "revoked"];

const hexOf = (bytes: ArrayBuffer | undefined) => Buffer.from(bytes ?? new ArrayBuffer(0)).toString("hex");

/** A request for a time on the SHA-256 of `bytes` (RFC 3161, section 2.4.1), with a nonce, asking for the authority's certificate. */
function requestFor(bytes: Buffer): { readonly der: Buffer; readonly digest: Buffer; readonly nonce: string } {
  const digest = createHash("sha256").update(bytes).digest();
  const number = randomBytes(16);
  number[0] = ((number[0] ?? 0) & 0x3f) | 0x40; // positive, and as long as it looks
  const nonce = new Integer({ valueHex: Uint8Array.from(number).buffer });
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha256Id }),
      hashedMessage: new OctetString({ valueHex: Uint8Array.from(digest).buffer }),
    }),
    certReq: true,
    nonce,
  });
  return { der: Buffer.from(request.toSchema().toBER(false)), digest, nonce: number.toString("hex") };
}

/** Why an answer is not a time for this request; else the time that it gives. Its signature is for `openssl ts -verify`, with the authority's certificate. */
function timeOf(reply: Buffer, digest: Buffer, nonce: string): { readonly at: Date } | { readonly why: string } {
  const { status, timeStampToken } = TimeStampResp.fromBER(Uint8Array.from(reply).buffer);
  if (status.status > 1 || timeStampToken === undefined)
    return { why: `it answered "${statusWords[status.status] ?? status.status}"` };
  const signed = new SignedData({ schema: timeStampToken.content });
  const content = signed.encapContentInfo.eContent;
  if (content === undefined) return { why: "its answer holds no time" };
  const info = TSTInfo.fromBER(content.getValue());
  if (hexOf(info.messageImprint.hashedMessage.valueBlock.valueHexView.slice().buffer) !== digest.toString("hex"))
    return { why: "its answer is for other bytes" };
  if (hexOf(info.nonce?.valueBlock.valueHexView.slice().buffer) !== nonce)
    return { why: "its answer is to another request" };
  return { at: info.genTime };
}

/**
 * Has the configured authority put a time on bytes. Never throws: what came of it is said in words, since a preservation does not wait for
 * an authority. Null: none is configured.
 */
export async function timeStampBy(settings: StampSettings, bytes: Buffer): Promise<Stamped | null> {
  const url = settings.TIMESTAMP_AUTHORITY_URL;
  if (url === undefined) return null;
  const host = new URL(url).host;
  const failed = (why: string): Stamped => ({ words: `No time stamp: ${host}: ${why}.`, reply: null });
  try {
    const { der, digest, nonce } = requestFor(bytes);
    const { status, body } = await guardedRequest({
      url,
      headers: { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" },
      body: der,
      allowHosts: settings.NOTIFY_ALLOW_HOSTS,
    });
    if (status !== 200) return failed(`it answered ${status}`);
    const time = timeOf(body, digest, nonce);
    if ("why" in time) return failed(time.why);
    return { words: `Time stamp of ${host}: ${time.at.toISOString()}`, reply: body };
  } catch (error) {
    return failed(messageOf(error).replace(/\.$/, ""));
  }
}
