import { createHmac, timingSafeEqual } from "node:crypto";

export type StreamFields = Readonly<Record<string, string>>;

const plainName = /^\w*$/; // ASCII: the order of its characters is that of its bytes, and asks for no buffers

/**
 * `_sig` of a stream message (contract section 3): hex HMAC-SHA256 under STREAMS_HMAC_KEY of the stream's name, LF, then
 * `key=value` LF for every field but `_sig`, keys ascending by their bytes.
 */
export function streamSignature(key: Buffer, stream: string, fields: StreamFields): string {
  const names = Object.keys(fields).filter((name) => name !== "_sig");
  if (names.every((name) => plainName.test(name))) names.sort();
  else names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  let text = `${stream}\n`;
  for (const name of names) text += `${name}=${fields[name]}\n`;
  return createHmac("sha256", key).update(text).digest("hex");
}

/** Whether a message carries the signature its consumers will demand. */
export function checkStreamSignature(
  key: Buffer,
  stream: string,
  fields: StreamFields,
): "valid" | "invalid" | "missing" {
  const given = fields._sig;
  if (given === undefined || given === "") return "missing";
  const wanted = Buffer.from(streamSignature(key, stream, fields));
  const found = Buffer.from(given);
  return found.length === wanted.length && timingSafeEqual(found, wanted) ? "valid" : "invalid";
}
