import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkStreamSignature, streamSignature } from "./stream-signature";

const file = JSON.parse(
  readFileSync(new URL("../../sandbox/vectors/stream-signature.json", import.meta.url), "utf8"),
) as {
  streams_hmac_key_hex: string;
  vectors: { stream: string; fields: Record<string, string>; _sig: string }[];
};
const key = Buffer.from(file.streams_hmac_key_hex, "hex");

describe("stream signature", () => {
  it.each(file.vectors)("matches the real encoder on $stream $_sig", ({ stream, fields, _sig }) => {
    expect(streamSignature(key, stream, fields)).toBe(_sig);
    expect(checkStreamSignature(key, stream, { ...fields, _sig })).toBe("valid");
  });

  it("tells a missing signature from a wrong one, and covers every field and the stream's name", () => {
    const fields = { zone_id: "z1", session_id: "s1" };
    const _sig = streamSignature(key, "caracal.sessions.revoke", fields);
    expect(checkStreamSignature(key, "caracal.sessions.revoke", fields)).toBe("missing");
    expect(checkStreamSignature(key, "caracal.sessions.revoke", { ...fields, session_id: "s2", _sig })).toBe("invalid");
    expect(checkStreamSignature(key, "caracal.sessions.revoke", { ...fields, reason: "x", _sig })).toBe("invalid");
    expect(checkStreamSignature(key, "caracal.keys.invalidate", { ...fields, _sig })).toBe("invalid");
    expect(checkStreamSignature(key, "caracal.sessions.revoke", { ...fields, _sig: `${_sig.slice(0, -1)}` })).toBe(
      "invalid",
    );
  });
});
