import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpReceiver } from "@/sandbox/receivers/http-receiver";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { signatureOf } from "@/server/notifications/send-message";

let stage: NotifierStage;
const secret = "a-secret-for-tests";
const hook = (to: HttpReceiver, name = "hook") => ({ name, kind: "webhook", url: `${to.url}/in`, secret });
beforeEach(async () => {
  stage = await openNotifierStage();
});
afterEach(() => stage.close());

describe("what a webhook receives", () => {
  it("is signed over timestamp and body, names one delivery, and says severity, one line and a link", async () => {
    const to = await stage.receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id);
    stage.notify(stage.settings([hook(to)]));
    const [got] = await eventually(
      () => to.received,
      (list) => list.length === 1,
    );
    const [row] = await eventually(
      () => stage.deliveries("step = 1"),
      ([one]) => one?.state === "sent",
    );
    const { headers, body = "" } = got ?? {};
    expect(headers?.["x-caracal-signature"]).toBe(signatureOf(secret, String(headers?.["x-caracal-timestamp"]), body));
    expect(Math.abs(Number(headers?.["x-caracal-timestamp"]) - Date.now() / 1000)).toBeLessThan(30);
    expect(headers?.["idempotency-key"]).toBe(row?.id);
    expect(JSON.parse(body)).toEqual({
      id: row?.id,
      kind: "incident-declared",
      severity: "P1",
      tier: "on-call",
      step: 1,
      incident: `INC-${incident.number}`,
      line: `P1 INC-${incident.number}: Mandates are minted for nobody`,
      link: `https://console.example/incidents/${incident.id}`,
      test: false,
    });
    expect(body).not.toContain(secret);
    expect((await stage.entries("notification.sent", incident.id))[0]?.summary).toContain(
      "on-call told by hook, step 1",
    );
  });

  it("of a restricted incident holds nothing beyond that it needs somebody, also when it was restricted after the plan", async () => {
    const to = await stage.receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id, { path: `/approvals/${randomUUID()}`, kind: "approval-requested" });
    await stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incident.id]);
    stage.notify(stage.settings([hook(to)]));
    const [got] = await eventually(
      () => to.received,
      (list) => list.length === 1,
    );
    const body = JSON.parse(got?.body ?? "{}");
    expect(body).toMatchObject({
      kind: "incident",
      line: `A restricted P1 incident needs you: INC-${incident.number}`,
    });
    expect(body.link).toBe(`https://console.example/incidents/${incident.id}`);
    expect(got?.body).not.toContain("minted");
  });
});

describe("receivers on bad days", () => {
  it("fails, then recovers: tried again under the same key, told once", async () => {
    const to = await stage.receiver();
    to.behave({ kind: "answer", status: 500 });
    await stage.notice((await stage.incident()).id);
    stage.notify(stage.settings([hook(to)]));
    await eventually(
      () => stage.deliveries("step = 1"),
      ([one]) => one?.state === "waiting" && one.reason === "answered 500",
    );
    to.behave({ kind: "close" });
    await stage.dueNow("step = 1");
    await eventually(
      () => stage.deliveries("step = 1"),
      ([one]) => one?.attempts === 2 && one.state === "waiting",
    );
    to.behave({ kind: "slow", ms: 300 });
    await stage.dueNow("step = 1");
    const [row] = await eventually(
      () => stage.deliveries("step = 1"),
      ([one]) => one?.state === "sent",
    );
    expect(row?.attempts).toBe(3);
    expect(new Set(to.received.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set([row?.id]));
    expect(await stage.entries("notification.sent")).toHaveLength(1);
    expect(await stage.entries("notification.failed")).toHaveLength(0);
  });

  it("one that hangs and one that never stops talking hold up nobody else, and are given up in the end", async () => {
    const [hanging, endless, good] = [await stage.receiver(), await stage.receiver(), await stage.receiver()];
    hanging.behave({ kind: "hang" });
    endless.behave({ kind: "endless" });
    for (let at = 0; at < 6; at++) await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    const began = Date.now();
    stage.notify(stage.settings([hook(hanging, "hanging"), hook(good, "good"), hook(endless, "endless")]), 4_000);
    await eventually(
      () => good.received,
      (list) => list.length === 6,
      3_500,
    );
    expect(Date.now() - began).toBeLessThan(4_000);
    await eventually(
      () => stage.deliveries("channel = 'endless'"),
      (rows) => rows.every(({ state }) => state === "sent"),
    );
    await eventually(
      () => stage.deliveries("channel = 'hanging' AND reason = 'no answer within 4 s'"),
      (rows) => rows.length > 0,
    );
    await stage.owner.query("UPDATE notification_deliveries SET attempts = 7 WHERE state = 'waiting'");
    await stage.dueNow();
    const [failed] = await eventually(
      () => stage.deliveries("state = 'failed'"),
      (rows) => rows.length > 0,
    );
    expect(failed).toMatchObject({ attempts: 8, reason: "Given up after 8 attempts: no answer within 4 s" });
    expect((await stage.entries("notification.failed"))[0]?.summary).toContain("on-call not told by hanging");
  });

  it("one that redirects inside is not followed; one that is not on the list is never called", async () => {
    const [redirecting, inside] = [await stage.receiver(), await stage.receiver()];
    redirecting.behave({ kind: "answer", status: 302, headers: { location: `${inside.url}/latest/meta-data` } });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    const secure = { ...hook(inside, "private"), url: inside.url.replace("http:", "https:") };
    stage.notify(stage.settings([hook(redirecting), secure, hook(inside, "plain")], [redirecting.host]));
    const rows = await eventually(
      () => stage.deliveries(),
      (list) => list.length === 3 && list.every(({ state }) => state === "failed"),
    );
    expect(rows.map(({ channel, reason, attempts }) => [channel, attempts, reason])).toEqual([
      ["hook", 1, "answered 302: redirects are not followed"],
      ["plain", 0, "Its address is http: use https, or name the host in NOTIFY_ALLOW_HOSTS."],
      ["private", 1, expect.stringContaining("leads to an address that is not public (loopback)")],
    ]);
    expect(inside.received).toHaveLength(0);
  });

  it("one that refuses for good is not asked again; one that is busy is asked when it said", async () => {
    const [gone, busy] = [await stage.receiver(), await stage.receiver()];
    gone.behave({ kind: "answer", status: 410 });
    busy.behave({ kind: "answer", status: 429, headers: { "retry-after": "120" } });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    stage.notify(stage.settings([hook(gone, "gone"), { name: "slack", kind: "slack", url: busy.url }]));
    await eventually(
      () => stage.deliveries("channel = 'gone'"),
      ([one]) => one?.state === "failed" && one.reason === "answered 410",
    );
    await eventually(
      () => stage.deliveries("channel = 'slack' AND due_at > now() + interval '100 seconds'"),
      (rows) => rows.length === 1,
    );
  });
});
