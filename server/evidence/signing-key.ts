import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from "node:crypto";
import type { Settings } from "@/server/platform/settings";

export type SigningKey = {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
  readonly fingerprint: string; // SHA-256 over the public key's DER (SubjectPublicKeyInfo), hex
  readonly derived: boolean; // from CONSOLE_DATABASE_URL, for want of EVIDENCE_SIGNING_KEY
};

export type SigningSettings = Pick<Settings, "EVIDENCE_SIGNING_KEY" | "CONSOLE_DATABASE_URL">;

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const salt = "caracal-console";
const info = "evidence signing key, version 1";

/** SHA-256 over the public key's DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it. */
export const fingerprintOf = (key: KeyObject): string =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");

/**
 * The Ed25519 key that signs exports and timeline heads: EVIDENCE_SIGNING_KEY, else 32 bytes derived from
 * CONSOLE_DATABASE_URL by HKDF-SHA256. Whoever reads that address could then sign too: exports say which it is.
 */
export function signingKey(settings: SigningSettings): SigningKey {
  const given = settings.EVIDENCE_SIGNING_KEY;
  const derive = () => Buffer.from(hkdfSync("sha256", settings.CONSOLE_DATABASE_URL, salt, info, 32));
  const privateKey =
    given === undefined
      ? createPrivateKey({ key: Buffer.concat([pkcs8Head, derive()]), format: "der", type: "pkcs8" })
      : createPrivateKey(given);
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    publicKey,
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    fingerprint: fingerprintOf(publicKey),
    derived: given === undefined,
  };
}

/** 64 raw bytes. */
export const signBytes = (key: SigningKey, bytes: string | Buffer): Buffer =>
  sign(null, Buffer.from(bytes), key.privateKey);

export const signatureHolds = (publicKey: KeyObject, bytes: string | Buffer, signature: Buffer): boolean =>
  signature.length === 64 && verify(null, Buffer.from(bytes), publicKey, signature);
