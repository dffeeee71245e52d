import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const tagLength = 16;
const nonceLength = 12;
const cipher = "chacha20-poly1305";

export type Sealed = { readonly ciphertext: Buffer; readonly nonce: Buffer };

/** Seals under ZONE_KEK (contract section 5): ChaCha20-Poly1305, no associated data, the tag appended to the ciphertext. */
export function seal(kek: Buffer, plaintext: Buffer, nonce: Buffer = randomBytes(nonceLength)): Sealed {
  const encryptor = createCipheriv(cipher, kek, nonce, { authTagLength: tagLength });
  const body = Buffer.concat([encryptor.update(plaintext), encryptor.final()]);
  return { ciphertext: Buffer.concat([body, encryptor.getAuthTag()]), nonce };
}

/** Opens what `seal` made. Throws when the key, the nonce or the bytes are wrong. */
export function openSeal(kek: Buffer, sealed: Sealed): Buffer {
  const end = sealed.ciphertext.length - tagLength;
  const decryptor = createDecipheriv(cipher, kek, sealed.nonce, { authTagLength: tagLength });
  decryptor.setAuthTag(sealed.ciphertext.subarray(end));
  return Buffer.concat([decryptor.update(sealed.ciphertext.subarray(0, end)), decryptor.final()]);
}

/** delegated_grants' form: nonce, ciphertext and tag in one. */
export function sealPacked(kek: Buffer, plaintext: Buffer, nonce?: Buffer): Buffer {
  const sealed = seal(kek, plaintext, nonce);
  return Buffer.concat([sealed.nonce, sealed.ciphertext]);
}

/** Opens the packed form. Throws as `openSeal` does. */
export const openPacked = (kek: Buffer, packed: Buffer): Buffer =>
  openSeal(kek, { nonce: packed.subarray(0, nonceLength), ciphertext: packed.subarray(nonceLength) });
