import { describe, expect, it } from "vitest";
import { decodeFields, showFields } from "./show-fields";

describe("showFields", () => {
  it("lets no signature, secret or mandate out, and keeps what names things", () => {
    const mandate = "eyJhbGciOiJFUzI1NiJ9.eyJzaWQiOiIxMjM0In0.c2lnbmF0dXJl";
    const shown = showFields({
      _sig: "a".repeat(64),
      src_sig: "b".repeat(64),
      client_secret: "hunter2",
      data: `{"t":"${mandate}"}`,
      session_id: "01a2",
      long: "x".repeat(5_000),
    });
    const text = JSON.stringify(shown);
    for (const secret of ["aaaa", "bbbb", "hunter2", mandate]) expect(text).not.toContain(secret);
    expect(shown.session_id).toBe("01a2");
    expect(shown._sig).toMatch(/^sha256:[0-9a-f]{12}$/);
    expect(shown.long?.length).toBeLessThan(4_100);
  });

  it("leaves the same out of JSON inside a field, in its own text and laid out, and keeps every digit of a number", () => {
    const data = `{"id":"e-1","n":12345678901234567890,"client_secret":"hunter2","nested":{"accessToken":"tok-\\"quoted\\"-9"},"header":"Bearer abcdef0123456789","dedupe_key":"plain"}`;
    const fields = { data, note: "{not json", sig: "c".repeat(64) };
    const shown = JSON.stringify([showFields(fields), decodeFields(fields)]);
    for (const secret of ["hunter2", "quoted", "abcdef0123456789", "cccc"]) expect(shown).not.toContain(secret);
    const decoded = decodeFields(fields);
    expect(Object.keys(decoded)).toEqual(["data"]);
    expect(decoded.data).toContain('"n": 12345678901234567890');
    expect(decoded.data).toContain('"dedupe_key": "plain"');
    expect(decoded.data).toContain('"id": "e-1"');
  });
});
