import { describe, expect, test } from "vitest";
import { lineOf, linkTo } from "@/server/notifications/message";
import { backoffSeconds } from "@/server/notifications/send-due";
import { escapeSlack, signatureOf } from "@/server/notifications/send-message";

const incident = { number: 14, restricted: false, drill: false };

describe("what is said", () => {
  test("severity, number and one line", () => {
    const line = lineOf({
      severity: "P1",
      incident,
      sentence: "Key of zone a\r\nBcc: x@evil.example\u0000 leaked\u202e",
      step: 1,
    });
    expect(line).toBe("P1 INC-14: Key of zone a Bcc: x@evil.example leaked");
    expect(lineOf({ severity: "P2", incident: null, sentence: "x".repeat(900), step: 1 })).toHaveLength(300);
    expect(lineOf({ severity: "P2", incident, sentence: "Down", step: 3 })).toBe(
      "P2 INC-14: Not acknowledged yet: Down",
    );
  });

  test.each([1, 4])("of a restricted incident its number and nothing else, at step %i", (step) => {
    const line = lineOf({
      severity: "P1",
      incident: { ...incident, restricted: true },
      sentence: "Key of zone a leaked",
      step,
    });
    expect(line).toBe("A restricted P1 incident needs you: INC-14");
  });

  test("the link stays on the console's own origin", () => {
    expect(linkTo("https://console.example/api/auth", "/incidents/1")).toBe("https://console.example/incidents/1");
    expect(linkTo(undefined, "/incidents/1")).toBeNull();
  });

  test("Slack's three characters are escaped, once", () => {
    expect(escapeSlack("<!channel> & <https://evil.example|here>")).toBe(
      "&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;",
    );
  });

  test("the signature is that of another implementation", () => {
    // printf '%s' '1763953200.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
    expect(signatureOf("0123456789abcdef", "1763953200", '{"a":1}')).toBe(
      "06439ae1f1f9a22f3b1f50959405987e5f0dc98d47517b30b084ea768c3bd3d8",
    );
  });

  test("attempts come further and further apart, within bounds, and not before the receiver asked", () => {
    const middle = Array.from({ length: 9 }, (_, at) => backoffSeconds(at + 1, undefined, () => 0.5));
    expect(middle).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(backoffSeconds(1, undefined, () => 0)).toBe(2.5);
    expect(backoffSeconds(1, 60, () => 0)).toBe(60);
    expect(backoffSeconds(1, 86_400, () => 0)).toBe(600);
  });
});
