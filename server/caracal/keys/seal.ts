import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

const cipher = "chacha20-poly1305";
const tagLength = 16;
const nonceLength = 12;

/** One value as Caracal stores it under its KEK: ciphertext with the tag appended, and its nonce. */
export type Sealed = { readonly ciphertext: Buffer; readonly nonce: Buffer };

/** Seals under a KEK (contract section 5): ChaCha20-Poly1305, fresh 12-byte nonce, no associated data. */
export function seal(kek: Buffer, plaintext: Buffer): Sealed {
  const nonce = randomBytes(nonceLength);
  const encryptor = createCipheriv(cipher, kek, nonce, { authTagLength: tagLength });
  const body = encryptor.update(plaintext);
  encryptor.final();
  return { ciphertext: Buffer.concat([body, encryptor.getAuthTag()]), nonce };
}

/** Opens a sealed value; null when this KEK does not open it or it is no sealed value at all. The caller zeroes what it gets. */
export function openSeal(kek: Buffer, sealed: Sealed): Buffer | null {
  const end = sealed.ciphertext.length - tagLength;
  if (end < 0 || sealed.nonce.length !== nonceLength) return null;
  const decryptor = createDecipheriv(cipher, kek, sealed.nonce, { authTagLength: tagLength });
  decryptor.setAuthTag(sealed.ciphertext.subarray(end));
  const plaintext = decryptor.update(sealed.ciphertext.subarray(0, end));
  try {
    decryptor.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return null;
  }
}

/** The form of delegated_grants: nonce, ciphertext and tag in one (contract section 5). */
export const packed = ({ nonce, ciphertext }: Sealed): Buffer => Buffer.concat([nonce, ciphertext]);
/** Takes the packed form apart; what is too short opens under no key. */
export const unpacked = (bytes: Buffer): Sealed => ({
  nonce: bytes.subarray(0, nonceLength),
  ciphertext: bytes.subarray(nonceLength),
});

/** Tells two seals apart and reveals nothing: first 8 bytes of SHA-256 over nonce ‖ ciphertext, hex. */
export const sealFingerprint = ({ nonce, ciphertext }: Sealed): string =>
  createHash("sha256").update(nonce).update(ciphertext).digest("hex").slice(0, 16);

/** Names a KEK without revealing it: first 8 bytes of SHA-256 over its 32 bytes, hex. */
export const kekFingerprint = (kek: Buffer): string => createHash("sha256").update(kek).digest("hex").slice(0, 16);
