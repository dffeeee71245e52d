import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { redactJson } from "@/server/audit/redaction/redact-json";
import { sensitiveName } from "@/server/audit/redaction/sensitive-name";
import { redactText } from "@/server/audit/redaction/sensitive-text";

describe("names", () => {
  it.each([
    "password",
    "client_secret",
    "accessToken",
    "refresh-token",
    "Authorization",
    "x-api-key",
    "apikey",
    "privateKey",
    "client_ip",
    "remoteIp",
    "X-Forwarded-For",
    "userEmail",
    "set-cookie",
    "clientsecret",
  ])("%s is hidden", (name) => {
    expect(sensitiveName(name)).not.toBeNull();
    const { text } = redactJson(`{"a": {${JSON.stringify(name)}: ["x", {"y": 12}]}, "b": 1}`);
    expect(text).toMatch(/^\{"a": \{".+": "\[redacted: (secret|personal|address)\]"\}, "b": 1\}$/);
  });

  it.each(["resource", "requested", "policy", "token_type", "keyId", "kid", "script", "shipping", "monkey", "reason"])(
    "%s is shown",
    (name) => expect(sensitiveName(name)).toBeNull(),
  );

  it("that hide nothing but an absence say so", () => {
    expect(redactJson('{"password": null, "secret": false}')).toEqual({
      text: '{"password": null, "secret": false}',
      hidden: [],
    });
  });
});

const jwt = `eyJ${"hbGciOiJFUzI1NiJ9"}.${"eyJzdWIiOiJhIn0"}.${"c2lnbmF0dXJl"}`;
const secrets = [
  jwt,
  jwt.slice(0, 40),
  `Bearer ${"abcdef0123456789"}`,
  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE cut",
  "0123456789abcdef0123456789ABCDEF",
  "dGhpcyBpcyBhIHNlY3JldCB0aGF0IGlzIGxvbmcgZW5vdWdo",
  "Zm9v+YmFy/MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A=",
  `AKIA${"IOSFODNN7EXAMPLE"}`,
  "ada@example.org",
  "203.0.113.7",
  "2001:db8:0:0:0:0:0:1",
  "2001:db8::1",
  "postgres://u:hunter22@db/x",
];

describe("values", () => {
  it.each(secrets)("%s is hidden wherever it stands", (secret) => {
    const needle = secret.startsWith("postgres") ? "hunter22" : secret;
    for (const text of [secret, `before ${secret}`])
      expect(redactJson(JSON.stringify({ note: text })).text, text).not.toContain(JSON.stringify(needle).slice(1, -1));
  });

  it.each([
    ["https://app.example/cb?token=abc123&code=xyz", ["abc123", "xyz"]],
    ["started with --client-secret=hunter22 --port=80", ["hunter22"]],
    ["refused: password: hunter2, user: ada", ["hunter2"]],
    ["password:hunter2", ["hunter2"]],
    ['body was {"password":"hunter2","user":"ada"}', ["hunter2"]],
    ["client_secret = 'two words'", ["two words"]],
    ["Authorization: Digest short abc", ["Digest", "short", "abc"]],
    ["Cookie: a=b; c=d", ["a=b", "c=d"]],
    ["access_token=a.b, expires_in=60", ["a.b"]],
  ])("beside a name in a text are hidden: %s", (text, secret) => {
    const shown = redactText(text);
    for (const one of secret) expect(shown).not.toContain(one);
    expect(redactText(shown)).toBe(shown);
    expect(redactJson(JSON.stringify({ note: text })).hidden).toEqual(["note"]);
  });

  it.each([
    '{"name": "Authorization", "value": "hunter2"}',
    '{"value": ["hunter2", {"x": 1}], "key": "client_secret"}',
    '[{"header": "set-cookie", "values": {"a": "hunter2"}}]',
  ])("of a pair are hidden by the name beside them: %s", (text) => {
    const { text: shown, hidden } = redactJson(text);
    expect(shown).not.toContain("hunter2");
    expect(hidden).toHaveLength(1);
    expect(() => JSON.parse(shown)).not.toThrow();
  });

  it.each([
    '{"name": "region", "value": "eu-west"}',
    '{"name": "token_type", "value": "urn:ietf:params:oauth:token-type:access_token"}',
    '{"name": "Authorization", "value": null}',
    '{"key": 7, "value": 8}',
  ])("of a pair with an ordinary name are shown: %s", (text) => expect(redactJson(text)).toEqual({ text, hidden: [] }));

  it("as a name is hidden too", () => {
    expect(redactJson('{"ada@example.org": 1}')).toEqual({
      text: '{"[redacted: e-mail]": 1}',
      hidden: ["[redacted: e-mail]"],
    });
  });

  it.each([
    "resource://payments/é&<mail>",
    "resource://probe/ledger",
    "01a20a11-1205-7277-9e39-f01d8e4b57ca",
    'no rule for <write> & "send" — café\u2028 at 02:14:31',
    "v2026.05.12",
    "secrets:read",
    "tokens:issue caracal:token:exchange",
    "secret://payments/db",
    "urn:ietf:params:oauth:token-type:access_token",
    "https://app.example/list?page=2&status_code=403",
    "input.policy == data.rules[x]; scope = read",
    "password:reset",
    "resource://Payments2/Ledger-Of-The-Whole-Group/accounts/receivable",
  ])("%s is shown", (text) => expect(redactText(text)).toBe(text));

  it("of nobody's making are hidden rather than shown: what is too long, too deep or no JSON", () => {
    expect(redactText("a".repeat(10_001))).toBe("[redacted: 10,001 characters]");
    const deep = `${"[".repeat(5_000)}"ada@example.org"${"]".repeat(5_000)}`;
    expect(redactJson(deep).text).not.toContain("ada");
    expect(redactJson('{"a": tru').text).not.toContain("tru");
    for (const broken of ["", "{", '{"a"', '{"a": "b', '["a" "b"]', "{} x", '{"a": 1,}'])
      expect(redactJson(broken).hidden, broken).toEqual(["the whole"]);
  });
});

describe("what is not sensitive", () => {
  it("stays as Postgres printed it, numbers digit by digit, and stays JSON", { timeout: 60_000 }, () => {
    const plain = fc.json({ maxDepth: 4 }).filter((text) => redactJson(text).hidden.length === 0);
    fc.assert(
      fc.property(plain, (text) => {
        expect(redactJson(text).text).toBe(text);
      }),
    );
    const exact = '[{"e": 1000, "big": 12345678901234567890, "tiny": 0.0000001, "__proto__": {"x": 1.50}}]';
    expect(redactJson(exact)).toEqual({ text: exact, hidden: [] });
  });

  it("any JSON stays JSON with the same members, whatever is hidden in it", { timeout: 60_000 }, () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("password", "note", "client_ip"));
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(fc.string(), fc.constantFrom(...secrets), fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.array(fc.tuple(name, tie("any")), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
      ),
    })).any;
    fc.assert(
      fc.property(value, (given) => {
        const { text } = redactJson(JSON.stringify(given));
        expect(() => JSON.parse(text)).not.toThrow();
        for (const secret of secrets.filter((one) => !one.startsWith("postgres")))
          expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(text).not.toContain("hunter22");
      }),
    );
  });

  it("includes every event that was recorded", () => {
    const csv = readFileSync("sandbox/fixtures/recorded-incident/before/audit_events.csv", "utf8");
    expect(csv.length).toBeGreaterThan(100_000);
    for (const [, resource = ""] of csv.matchAll(/""resource"": ""([^"]+)""/g))
      expect(redactText(resource)).toBe(resource);
  });
});

it("is done with hostile text, too", () => {
  for (const hostile of [
    "eyJ".repeat(3_300),
    "a@".repeat(4_900),
    "a".repeat(9_900),
    "1.".repeat(4_900),
    "a:".repeat(4_900),
    "-----BEGIN A-----".repeat(500),
    "token=".repeat(1_600),
    'token="'.repeat(1_400),
    "a: ".repeat(3_300),
    "cookie:".repeat(1_400),
    `pwd:${"a".repeat(9_900)}`,
    "pwd:".repeat(2_400),
  ])
    expect(redactJson(JSON.stringify({ note: hostile })).text.length).toBeGreaterThan(0);
}, 60_000);
