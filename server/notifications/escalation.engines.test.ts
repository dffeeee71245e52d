import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpReceiver } from "@/sandbox/receivers/http-receiver";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { previewNotifications } from "@/server/notifications/preview";
import { appendEntries } from "@/server/timeline/append-entries";

let stage: NotifierStage;
const secret = "a-secret-for-tests";
const hook = (to: HttpReceiver, name = "hook") => ({ name, kind: "webhook", url: `${to.url}/in`, secret });
beforeEach(async () => {
  stage = await openNotifierStage();
});
afterEach(() => stage.close());

describe("escalation", () => {
  it("goes on to the next step while nobody acknowledges, and stops when somebody does", async () => {
    const to = await stage.receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id);
    stage.notify(stage.settings([hook(to)]));
    await eventually(
      () => stage.deliveries("state = 'sent'"),
      (rows) => rows.length === 1,
    );
    expect(await stage.deliveries("state = 'waiting'")).toHaveLength(4);
    await stage.dueNow("step = 2");
    await eventually(
      () => stage.deliveries("state = 'sent'"),
      (rows) => rows.length === 2,
    );
    expect(to.received[1]?.body).toContain("Not acknowledged yet");
    await stage.owner.query("UPDATE incidents SET acknowledged_at = now() WHERE id = $1", [incident.id]);
    await stage.dueNow();
    const stopped = await eventually(
      () => stage.deliveries("state = 'stopped'"),
      (rows) => rows.length === 3,
    );
    expect(stopped.map(({ reason, attempts }) => [reason, attempts])).toEqual(
      stopped.map(() => ["The incident was acknowledged before this was due.", 0]),
    );
    expect(to.received).toHaveLength(2);
  });

  it("of a raised severity takes over from the older notice", async () => {
    const to = await stage.receiver();
    const incident = await stage.incident();
    await stage.notice(incident.id, { severity: "P2" });
    stage.notify(stage.settings([hook(to)]));
    await eventually(
      () => stage.deliveries("state = 'sent'"),
      (rows) => rows.length === 1,
    );
    await stage.notice(incident.id, { kind: "severity-raised" });
    await eventually(
      () => stage.deliveries("state = 'sent'"),
      (rows) => rows.length === 2,
    );
    expect(await stage.deliveries("severity = 'P2' AND state = 'stopped'")).toHaveLength(4);
    expect(await stage.deliveries("severity = 'P1' AND state = 'waiting'")).toHaveLength(4);
  });

  it("opens a page, acknowledges and resolves it, whatever the severity is by then", async () => {
    const to = await stage.receiver();
    const incident = await stage.incident();
    const pager = { name: "pager", kind: "pagerduty", routingKey: "r".repeat(32), eventsUrl: to.url };
    await stage.notice(incident.id);
    stage.notify(stage.settings([pager]));
    await eventually(
      () => stage.deliveries("state = 'sent'"),
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
      () => stage.deliveries("pages = 'resolve' AND state = 'sent'"),
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
    const to = await stage.receiver();
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
    stage.notify(settings);
    const [row] = await eventually(
      () => stage.deliveries("state = 'suppressed'"),
      (rows) => rows.length === 1,
    );
    expect(row?.reason).toContain("set by Sol: Moving the mail server");
    expect(row?.reason).toBe(preview.tiers[0]?.steps[0]?.suppressed);
    expect(preview.windows).toHaveLength(1);
    expect((await stage.entries("notification.suppressed", incident.id))[0]?.summary).toContain(
      "Moving the mail server",
    );
    expect(to.received).toHaveLength(0);
  });

  it("preview equals what then happens, tier by tier and step by step", async () => {
    const to = await stage.receiver();
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
      if (severity === "P1" && tags.length === 0) stage.notify(settings);
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
    const to = await stage.receiver();
    const incident = await stage.incident();
    await stage.db.transaction((tx) =>
      appendEntries(tx, [{ chain: incident.id, kind: "incident.closed", by: null, summary: "Closed" }]),
    );
    await stage.notice(incident.id, { kind: "clock-breached" });
    stage.notify(stage.settings([hook(to)]));
    const [entry] = await eventually(
      () => stage.entries("notification.sent"),
      (rows) => rows.length === 1,
    );
    expect(entry).toMatchObject({
      chain: "00000000-0000-0000-0000-000000000000",
      summary: expect.stringContaining(`INC-${incident.number}`),
    });
  });

  it("a channel that is taken out of the settings fails what still waits for it", async () => {
    const to = await stage.receiver();
    to.behave({ kind: "answer", status: 503 });
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    stage.notify(stage.settings([hook(to)]));
    await eventually(
      () => stage.deliveries("reason = 'answered 503'"),
      (rows) => rows.length === 1,
    );
    await stage.quiet();
    await stage.owner.query("UPDATE notification_deliveries SET due_at = now() - interval '11 minutes'");
    stage.notify(stage.settings([hook(to, "other")]));
    const [row] = await eventually(
      () => stage.deliveries("state = 'failed'"),
      (rows) => rows.length === 1,
    );
    expect(row?.reason).toBe("No channel named hook is configured any more.");
  });
});
