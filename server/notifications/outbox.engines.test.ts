import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpReceiver, openHttpReceiver } from "@/sandbox/receivers/http-receiver";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { createNotifier, type Notifier } from "@/server/notifications/notifier";
import { previewNotifications } from "@/server/notifications/preview";
import { signatureOf } from "@/server/notifications/send-message";
import type { Settings } from "@/server/platform/settings";
import { appendEntries } from "@/server/timeline/append-entries";

let stage: NotifierStage;
let receivers: HttpReceiver[] = [];
let notifiers: Notifier[] = [];
const secret = "a-secret-for-tests";

beforeEach(async () => {
  stage = await openNotifierStage();
});
afterEach(async () => {
  await Promise.all(notifiers.map((one) => one.stop()));
  await Promise.all(receivers.map((one) => one.close()));
  notifiers = [];
  receivers = [];
  await stage.close();
});

async function receiver(): Promise<HttpReceiver> {
  const opened = await openHttpReceiver();
  receivers.push(opened);
  return opened;
}
const hook = (to: HttpReceiver, name = "hook") => ({ name, kind: "webhook", url: `${to.url}/in`, secret });
function notify(settings: Settings, timeoutMs = 700): void {
  const one = createNotifier({ db: stage.db, settings, timeoutMs });
  notifiers.push(one);
  one.start();
}
type Row = {
  id: string;
  tier: string;
  step: number;
  channel: string;
  state: string;
  attempts: number;
  reason: string | null;
};
const deliveries = (where = "true") =>
  stage.owner.query<Row>(
    `SELECT id, tier, step, channel, state, attempts, reason FROM notification_deliveries WHERE ${where} ORDER BY tier, step, channel`,
  );
const dueNow = (where = "true") =>
  stage.owner.query(`UPDATE notification_deliveries SET due_at = now() WHERE state = 'waiting' AND ${where}`);
const entries = (kind: string, chain = "%") =>
  stage.owner.query<{ chain: string; summary: string }>(
    "SELECT chain, summary FROM timeline_entries WHERE kind = $1 AND chain::text LIKE $2 ORDER BY seq",
    [kind, chain],
  );

describe("what a webhook receives", () => {
  it("is signed over timestamp and body, names one delivery, and says severity, one line and a link", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id);
    notify(stage.settings([hook(to)]));
    const [got] = await eventually(
      () => to.received,
      (list) => list.length === 1,
    );
    const [row] = await eventually(
      () => deliveries("step = 1"),
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
    expect((await entries("notification.sent", incident.id))[0]?.summary).toContain("on-call told by hook, step 1");
  });

  it("of a restricted incident holds nothing beyond that it needs somebody, also when it was restricted after the plan", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id, { path: `/approvals/${randomUUID()}`, kind: "approval-requested" });
    await stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incident.id]);
    notify(stage.settings([hook(to)]));
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
    const to = await receiver();
    to.behave({ kind: "answer", status: 500 });
    await stage.notice((await stage.incident()).id);
    notify(stage.settings([hook(to)]));
    await eventually(
      () => deliveries("step = 1"),
      ([one]) => one?.state === "waiting" && one.reason === "answered 500",
    );
    to.behave({ kind: "close" });
    await dueNow("step = 1");
    await eventually(
      () => deliveries("step = 1"),
      ([one]) => one?.attempts === 2 && one.state === "waiting",
    );
    to.behave({ kind: "slow", ms: 300 });
    await dueNow("step = 1");
    const [row] = await eventually(
      () => deliveries("step = 1"),
      ([one]) => one?.state === "sent",
    );
    expect(row?.attempts).toBe(3);
    expect(new Set(to.received.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set([row?.id]));
    expect(await entries("notification.sent")).toHaveLength(1);
    expect(await entries("notification.failed")).toHaveLength(0);
  });

  it("one that hangs and one that never stops talking hold up nobody else, and are given up in the end", async () => {
    const [hanging, endless, good] = [await receiver(), await receiver(), await receiver()];
    hanging.behave({ kind: "hang" });
    endless.behave({ kind: "endless" });
    for (let at = 0; at < 6; at++) await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    const began = Date.now();
    notify(stage.settings([hook(hanging, "hanging"), hook(good, "good"), hook(endless, "endless")]), 4_000);
    await eventually(
      () => good.received,
      (list) => list.length === 6,
      3_500,
    );
    expect(Date.now() - began).toBeLessThan(4_000);
    await eventually(
      () => deliveries("channel = 'endless'"),
      (rows) => rows.every(({ state }) => state === "sent"),
    );
    await eventually(
      () => deliveries("channel = 'hanging' AND reason = 'no answer within 4 s'"),
      (rows) => rows.length > 0,
    );
    await stage.owner.query("UPDATE notification_deliveries SET attempts = 7 WHERE state = 'waiting'");
    await dueNow();
    const [failed] = await eventually(
      () => deliveries("state = 'failed'"),
      (rows) => rows.length > 0,
    );
    expect(failed).toMatchObject({ attempts: 8, reason: "Given up after 8 attempts: no answer within 4 s" });
    expect((await entries("notification.failed"))[0]?.summary).toContain("on-call not told by hanging");
  });

  it("one that redirects inside is not followed; one that is not on the list is never called", async () => {
    const [redirecting, inside] = [await receiver(), await receiver()];
    redirecting.behave({ kind: "answer", status: 302, headers: { location: `${inside.url}/latest/meta-data` } });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    const secure = { ...hook(inside, "private"), url: inside.url.replace("http:", "https:") };
    notify(stage.settings([hook(redirecting), secure, hook(inside, "plain")], [redirecting.host]));
    const rows = await eventually(
      () => deliveries(),
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
    const [gone, busy] = [await receiver(), await receiver()];
    gone.behave({ kind: "answer", status: 410 });
    busy.behave({ kind: "answer", status: 429, headers: { "retry-after": "120" } });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    notify(stage.settings([hook(gone, "gone"), { name: "slack", kind: "slack", url: busy.url }]));
    await eventually(
      () => deliveries("channel = 'gone'"),
      ([one]) => one?.state === "failed" && one.reason === "answered 410",
    );
    await eventually(
      () => deliveries("channel = 'slack' AND due_at > now() + interval '100 seconds'"),
      (rows) => rows.length === 1,
    );
  });
});

describe("escalation", () => {
  it("goes on to the next step while nobody acknowledges, and stops when somebody does", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id);
    notify(stage.settings([hook(to)]));
    await eventually(
      () => deliveries("state = 'sent'"),
      (rows) => rows.length === 1,
    );
    expect(await deliveries("state = 'waiting'")).toHaveLength(4);
    await dueNow("step = 2");
    await eventually(
      () => deliveries("state = 'sent'"),
      (rows) => rows.length === 2,
    );
    expect(to.received[1]?.body).toContain("Not acknowledged yet");
    await stage.owner.query("UPDATE incidents SET acknowledged_at = now() WHERE id = $1", [incident.id]);
    await dueNow();
    const stopped = await eventually(
      () => deliveries("state = 'stopped'"),
      (rows) => rows.length === 3,
    );
    expect(stopped.map(({ reason, attempts }) => [reason, attempts])).toEqual(
      stopped.map(() => ["The incident was acknowledged before this was due.", 0]),
    );
    expect(to.received).toHaveLength(2);
  });

  it("of a raised severity takes over from the older notice", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id, { severity: "P2" });
    notify(stage.settings([hook(to)]));
    await eventually(
      () => deliveries("state = 'sent'"),
      (rows) => rows.length === 1,
    );
    await stage.notice(incident.id, { kind: "severity-raised" });
    await eventually(
      () => deliveries("state = 'sent'"),
      (rows) => rows.length === 2,
    );
    expect(await deliveries("severity = 'P2' AND state = 'stopped'")).toHaveLength(4);
    expect(await deliveries("severity = 'P1' AND state = 'waiting'")).toHaveLength(4);
  });

  it("opens a page, acknowledges and resolves it, whatever the severity is by then", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    const pager = { name: "pager", kind: "pagerduty", routingKey: "r".repeat(32), eventsUrl: to.url };
    await stage.notice(incident.id);
    notify(stage.settings([pager]));
    await eventually(
      () => deliveries("state = 'sent'"),
      (rows) => rows.length === 1,
    );
    await stage.owner.query("UPDATE incidents SET acknowledged_at = now(), severity = 'P4' WHERE id = $1", [
      incident.id,
    ]);
    await eventually(
      () => to.received,
      (list) => list.length === 2,
    );
    await stage.owner.query("UPDATE incidents SET state = 'resolved', resolved_at = now() WHERE id = $1", [
      incident.id,
    ]);
    await eventually(
      () => to.received,
      (list) => list.length === 3,
    );
    await eventually(
      () => deliveries("pages = 'resolve' AND state = 'sent'"),
      (rows) => rows.length === 1,
    );
    const events = to.received.map(({ body }) => JSON.parse(body));
    expect(events.map(({ event_action, dedup_key }) => [event_action, dedup_key])).toEqual([
      ["trigger", incident.id],
      ["acknowledge", incident.id],
      ["resolve", incident.id],
    ]);
    expect(events[0].payload).toMatchObject({ severity: "critical", source: "caracal" });
  });
});

describe("what is held back or has nowhere to go", () => {
  it("a maintenance window suppresses visibly, with its reason on the timeline; preview said so", async () => {
    const to = await receiver();
    const settings = stage.settings([hook(to)]);
    await stage.owner.query(
      `INSERT INTO maintenance_windows (starts_at, ends_at, reason, by_id, by_name)
       VALUES (now() - interval '1 minute', now() + interval '5 minutes', 'Moving the mail server', 'x', 'Sol')`,
    );
    const preview = await previewNotifications({
      ctx: { db: stage.db, settings },
      input: { severity: "P2", tags: [], restricted: false },
    });
    const incident = await stage.incident({ severity: "P2" });
    await stage.notice(incident.id, { severity: "P2" });
    notify(settings);
    const [row] = await eventually(
      () => deliveries("state = 'suppressed'"),
      (rows) => rows.length === 1,
    );
    expect(row?.reason).toContain("set by Sol: Moving the mail server");
    expect(row?.reason).toBe(preview.tiers[0]?.steps[0]?.suppressed);
    expect(preview.windows).toHaveLength(1);
    expect((await entries("notification.suppressed", incident.id))[0]?.summary).toContain("Moving the mail server");
    expect(to.received).toHaveLength(0);
  });

  it("preview equals what then happens, tier by tier and step by step", async () => {
    const to = await receiver();
    const settings = stage.settings([hook(to), { name: "slack", kind: "slack", url: to.url }]);
    for (const [severity, tags] of [
      ["P1", []],
      ["P1", ["tamper", "audit-loss"]],
      ["P2", ["audit-loss", "key-compromise"]],
      ["P3", ["tamper"]],
    ] as const) {
      const preview = await previewNotifications({
        ctx: { db: stage.db, settings },
        input: { severity, tags: [...tags], restricted: false },
      });
      const incident = await stage.incident({ severity });
      await stage.notice(incident.id, { severity, tags });
      if (notifiers.length === 0) notify(settings);
      await eventually(
        () => stage.owner.query("SELECT 1 FROM notices WHERE planned_at IS NULL"),
        (rows) => rows.length === 0,
      );
      const rows = await stage.owner.query<{ said: string }>(
        `SELECT tier || ' ' || step || ' ' || channel || ' +' || round(extract(epoch FROM d.due_at - n.planned_at) / 60) AS said
           FROM notification_deliveries d JOIN notices n ON n.id = d.notice_id WHERE d.incident_id = $1 ORDER BY 1`,
        [incident.id],
      );
      const expected = preview.tiers.flatMap(({ tier, steps }) =>
        steps.map(({ step, channel, afterMinutes }) => `${tier} ${step} ${channel} +${afterMinutes}`),
      );
      expect(rows.map(({ said }) => said)).toEqual(expected.sort());
    }
  });

  it("an incident whose timeline is closed: the entry goes to the console's own", async () => {
    const to = await receiver();
    const incident = await stage.incident();
    await stage.db.transaction((tx) =>
      appendEntries(tx, [{ chain: incident.id, kind: "incident.closed", by: null, summary: "Closed" }]),
    );
    await stage.notice(incident.id, { kind: "clock-breached" });
    notify(stage.settings([hook(to)]));
    const [entry] = await eventually(
      () => entries("notification.sent"),
      (rows) => rows.length === 1,
    );
    expect(entry).toMatchObject({
      chain: "00000000-0000-0000-0000-000000000000",
      summary: expect.stringContaining(`INC-${incident.number}`),
    });
  });

  it("a channel that is taken out of the settings fails what still waits for it", async () => {
    const to = await receiver();
    to.behave({ kind: "answer", status: 503 });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    notify(stage.settings([hook(to)]));
    await eventually(
      () => deliveries("reason = 'answered 503'"),
      (rows) => rows.length === 1,
    );
    await Promise.all(notifiers.map((one) => one.stop()));
    await stage.owner.query("UPDATE notification_deliveries SET due_at = now() - interval '11 minutes'");
    notify(stage.settings([hook(to, "other")]));
    const [row] = await eventually(
      () => deliveries("state = 'failed'"),
      (rows) => rows.length === 1,
    );
    expect(row?.reason).toBe("No channel named hook is configured any more.");
  });
});
