import { describe, expect, it } from "vitest";
import { showFields } from "./show-fields";

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
});
