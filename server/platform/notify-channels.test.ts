import { describe, expect, test } from "vitest";
import { notifyAllowHosts, notifyChannels } from "@/server/platform/notify-channels";

const mail = {
  name: "mail",
  kind: "smtp",
  host: "mail.example",
  port: 587,
  from: "Caracal <caracal@example.org>",
  to: { "on-call": ["oncall@example.org"] },
};
const hook = { name: "hook", kind: "webhook", url: "https://hooks.example/x", secret: "0123456789abcdef" };
const pager = { name: "pager", kind: "pagerduty", routingKey: "0123456789abcdef0123456789abcdef" };
const problemsOf = (value: unknown): string => {
  const parsed = notifyChannels.safeParse(typeof value === "string" ? value : JSON.stringify(value));
  return parsed.success ? "" : parsed.error.issues.map(({ message }) => message).join("; ");
};

describe("NOTIFY_CHANNELS", () => {
  test("nothing set is no channel; defaults are the safe ones", () => {
    expect(notifyChannels.parse(undefined)).toEqual([]);
    const [first, , third] = notifyChannels.parse(JSON.stringify([mail, hook, pager]));
    expect(first).toMatchObject({ security: "starttls", to: { security: [], compliance: [] } });
    expect(third).toMatchObject({ eventsUrl: "https://events.pagerduty.com/v2/enqueue" });
  });

  test.each([
    ["{", "is not valid JSON"],
    [[{ ...hook, kind: "fax" }], "entry 1, kind: must be smtp, webhook, slack or pagerduty"],
    [[hook, { ...hook, url: "ftp://hooks.example" }], "entry 2, url: must be an https address"],
    [[{ ...hook, url: "https://user:hunter2@hooks.example" }], "entry 1, url: must not hold a user or password"],
    [[{ ...hook, secret: "hunter2" }], "entry 1, secret: must be at least 16 characters"],
    [[{ ...hook, sceret: "hunter2" }], "entry 1: knows no sceret"],
    [[{ ...mail, port: "hunter2" }], "entry 1, port: is missing or of the wrong type"],
    [[{ ...mail, username: "u" }], "entry 1, password: must be given together with username"],
    [[{ ...mail, username: "u", password: "hunter2", security: "none" }], "entry 1, security: must be tls or starttls"],
    [[{ ...mail, to: {} }], "entry 1, to: must name somebody"],
    [[{ ...mail, to: { "on-call": ["hunter2"] } }], "entry 1, to.on-call.0: must be an e-mail address"],
    [[hook, hook], "entry 2, name: is used twice"],
  ])("%j says %s, and no value", (value, words) => {
    const said = problemsOf(value);
    expect(said).toContain(words);
    expect(said).not.toContain("hunter2");
  });

  test("the allow-list takes hosts with and without port", () => {
    expect(notifyAllowHosts.parse(" Mail.internal:587, 10.0.0.5 ,[::1]:8080,")).toEqual([
      "mail.internal:587",
      "10.0.0.5",
      "[::1]:8080",
    ]);
    expect(notifyAllowHosts.safeParse("https://mail.internal").success).toBe(false);
    expect(notifyAllowHosts.safeParse("*").success).toBe(false);
  });
});
