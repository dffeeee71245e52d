import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kekFingerprint, openSeal, packed, seal, sealFingerprint, unpacked } from "./seal";

const vectors = JSON.parse(
  readFileSync(new URL("../../../sandbox/vectors/kek-seal.json", import.meta.url), "utf8"),
) as {
  zone_kek_hex: string;
  vectors: { plaintext_utf8: string; nonce_hex?: string; ciphertext_hex?: string; packed_hex?: string }[];
};
const kek = Buffer.from(vectors.zone_kek_hex, "hex");
const other = Buffer.alloc(32, 7);

describe("seals as the running services make them", () => {
  it.each(vectors.vectors)("opens $plaintext_utf8", (vector) => {
    const sealed =
      vector.packed_hex === undefined
        ? {
            nonce: Buffer.from(vector.nonce_hex ?? "", "hex"),
            ciphertext: Buffer.from(vector.ciphertext_hex ?? "", "hex"),
          }
        : unpacked(Buffer.from(vector.packed_hex, "hex"));
    expect(openSeal(kek, sealed)?.toString("utf8")).toBe(vector.plaintext_utf8);
    expect(openSeal(other, sealed)).toBeNull();
    if (vector.packed_hex !== undefined) expect(packed(sealed).toString("hex")).toBe(vector.packed_hex);
  });

  it("opens what it sealed, under that key only, and never twice the same bytes", () => {
    for (const size of [0, 1, 15, 16, 300, 70_000]) {
      const plaintext = Buffer.alloc(size, "x");
      const [one, two] = [seal(kek, plaintext), seal(kek, plaintext)];
      expect(openSeal(kek, one)?.equals(plaintext)).toBe(true);
      expect(openSeal(other, one)).toBeNull();
      expect(sealFingerprint(one)).not.toBe(sealFingerprint(two));
      expect(openSeal(kek, unpacked(packed(one)))?.equals(plaintext)).toBe(true);
    }
  });

  it("any flipped bit, cut or foreign nonce opens under no key", () => {
    const sealed = seal(kek, Buffer.from("provider-token"));
    for (let at = 0; at < sealed.ciphertext.length; at += 1) {
      const bent = Buffer.from(sealed.ciphertext);
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
      expect(openSeal(kek, { ...sealed, ciphertext: bent })).toBeNull();
      expect(openSeal(kek, { ...sealed, ciphertext: sealed.ciphertext.subarray(0, at) })).toBeNull();
    }
    for (const nonce of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(12), Buffer.alloc(13)])
      expect(openSeal(kek, { ...sealed, nonce })).toBeNull();
    expect(openSeal(kek, unpacked(Buffer.alloc(5)))).toBeNull();
  });

  it("fingerprints a key by the first 8 bytes of its SHA-256", () => {
    expect(kekFingerprint(Buffer.alloc(32))).toBe("66687aadf862bd77"); // SHA-256 of 32 zero bytes, as sha256sum prints it
  });
});
