import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { addMaintenance, endMaintenance } from "@/server/notifications/change-maintenance";
import { channelViews } from "@/server/notifications/channel-views";
import { listDeliveries } from "@/server/notifications/list-deliveries";
import { listMaintenance } from "@/server/notifications/maintenance-windows";
import { previewNotifications } from "@/server/notifications/preview";
import { readRules, saveRules } from "@/server/notifications/rules";
import { addMaintenanceInput, deliveriesInput, saveRulesInput } from "@/server/notifications/schemas";

let stage: NotifierStage;
const slack = { name: "slack", kind: "slack", url: "https://hooks.slack.example/services/T0/B0/very-secret-path" };
beforeEach(async () => {
  stage = await openNotifierStage();
});
afterEach(() => stage.close());
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe("the rules", () => {
  it("are those of the incident page until an admin changes them, on the record, with before and after", async () => {
    const ctx = { db: stage.db, settings: stage.settings([slack]), actor: await stage.person("admin") };
    const before = await readRules(stage.db);
    expect(before.rules.map(({ tier, when }) => [tier, when])).toEqual([
      ["on-call", [{ severities: ["P1", "P2"], tags: [] }]],
      ["security", [{ severities: ["P1"], tags: ["tamper", "key-compromise"] }]],
      ["compliance", [{ severities: ["P1", "P2"], tags: ["audit-loss"] }]],
    ]);
    const rules = before.rules.map((rule) =>
      rule.tier === "on-call" ? { ...rule, steps: [{ channel: "slack", afterMinutes: 3 }] } : { ...rule, when: [] },
    );
    const input = saveRulesInput.parse({ revision: before.revision, rules, reason: "Slack only" });
    const saved = await saveRules({ ctx, input });
    expect(saved).toMatchObject({
      revision: 2,
      savedBy: "The admin",
      rules: await readRules(stage.db).then((r) => r.rules),
    });
    const [entry] = await stage.owner.query<{ actor_id: string; details: { before: unknown; after: unknown } }>(
      "SELECT actor_id, details FROM timeline_entries WHERE kind = 'notification.rules-changed'",
    );
    expect(entry).toMatchObject({ actor_id: ctx.actor.id, details: { before: before.rules, after: saved.rules } });
    await expect(saveRules({ ctx, input })).rejects.toMatchObject({ code: "conflict" });
    const preview = await previewNotifications({ ctx, input: { severity: "P1", tags: ["tamper"], restricted: true } });
    expect(preview.message).toBe("A restricted P1 incident needs you: INC-14");
    expect(preview.tiers[0]?.steps[0]).toMatchObject({ channel: "slack", afterMinutes: 3, step: 1 });
    expect(preview.tiers[1]?.why).toBe("The rules tell this tier of nothing.");
  });

  it("saved by ten at once over the same version: one wins, nine are told; a channel nobody configured is refused", async () => {
    const ctx = { db: stage.db, settings: stage.settings([slack]), actor: await stage.person("admin") };
    const { revision, rules } = await readRules(stage.db);
    const input = { revision, rules: [...rules], reason: "Same time" };
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => saveRules({ ctx, input })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of results) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "conflict" });
    expect(await stage.entries("notification.rules-changed")).toHaveLength(1);
    const wrong = rules.map((rule) => ({ ...rule, steps: [{ channel: "fax", afterMinutes: 0 }] }));
    await expect(saveRules({ ctx, input: { revision: 2, rules: wrong, reason: "fax" } })).rejects.toMatchObject({
      code: "bad_input",
    });
  });

  it("cannot be rewritten by the running role, only succeeded", async () => {
    await expect(stage.db.query("UPDATE notification_rules SET rules = '[]'")).rejects.toThrow(/permission denied/);
    await expect(stage.owner.query("DELETE FROM notification_rules")).rejects.toThrow(/append-only/);
  });
});

describe("channels", () => {
  it("are shown by name, kind, host and fingerprint, never by their secret", () => {
    const [view] = channelViews(stage.settings([slack]));
    expect(view).toMatchObject({ name: "slack", kind: "slack", host: "hooks.slack.example:443", problem: null });
    expect(view?.secret).toMatch(/^[0-9a-f]{8}$/);
    expect(JSON.stringify(view)).not.toContain("very-secret-path");
    expect(channelViews(stage.settings([{ ...slack, url: "http://10.0.0.1/x" }]))[0]?.problem).toContain(
      "NOTIFY_ALLOW_HOSTS",
    );
  });
});

describe("maintenance windows", () => {
  it("are set and ended on the record; P1 needs its own tick", async () => {
    const ctx = { db: stage.db, actor: await stage.person("security") };
    const input = addMaintenanceInput.parse({
      from: new Date(Date.now() - 60_000).toISOString(),
      until: inOneHour(),
      reason: "Moving mail",
    });
    await expect(addMaintenance({ ctx, input: { ...input, severities: ["P1"] } })).rejects.toMatchObject({
      code: "bad_input",
    });
    await expect(addMaintenance({ ctx, input: { ...input, until: input.from } })).rejects.toMatchObject({
      code: "bad_input",
    });
    await expect(addMaintenance({ ctx, input: { ...input, until: "2036-01-01T00:00:00Z" } })).rejects.toMatchObject({
      code: "bad_input",
    });
    const window = await addMaintenance({ ctx, input });
    expect(window).toMatchObject({ state: "in-force", by: "The security", includeP1: false });
    const ended = await endMaintenance({ ctx, input: { id: window.id } });
    expect(ended).toMatchObject({ state: "over", endedBy: "The security" });
    await expect(endMaintenance({ ctx, input: { id: window.id } })).rejects.toMatchObject({ code: "conflict" });
    expect(await listMaintenance({ ctx })).toHaveLength(1);
    expect(await stage.entries("notification.maintenance-set")).toHaveLength(1);
    expect(await stage.entries("notification.maintenance-ended")).toHaveLength(1);
  });
});

describe("the list of deliveries", () => {
  it("pages without gaps, and keeps restricted incidents from those who may not see them", async () => {
    const open = await stage.incident();
    const hidden = await stage.incident({ restricted: true });
    for (let at = 0; at < 4; at++) await stage.notice(open.id, { kind: "clock-breached" });
    for (let at = 0; at < 3; at++) await stage.notice(hidden.id, { kind: "clock-breached", sentence: "Hidden words" });
    const receiver = await stage.receiver();
    stage.notify(stage.settings([{ ...slack, url: receiver.url }]));
    await eventually(
      () => stage.deliveries("state = 'sent'"),
      (rows) => rows.length === 7,
    );
    const all = async (role: "viewer" | "security", limit: number) => {
      const ctx = { db: stage.db, actor: await stage.person(role) };
      const seen = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof listDeliveries>> = await listDeliveries({
          ctx,
          input: deliveriesInput.parse({ cursor, limit }),
        });
        seen.push(...page.rows);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return seen;
    };
    const viewer = await all("viewer", 3);
    expect(new Set(viewer.map(({ id }) => id)).size).toBe(4);
    expect(JSON.stringify(viewer)).not.toContain("Hidden words");
    expect(await all("security", 2)).toHaveLength(7);
    const ctx = { db: stage.db, actor: await stage.person("viewer") };
    const asked = deliveriesInput.parse({ incidentId: hidden.id });
    expect((await listDeliveries({ ctx, input: asked })).rows).toEqual([]);
    await expect(listDeliveries({ ctx, input: deliveriesInput.parse({ cursor: "forged" }) })).rejects.toMatchObject({
      code: "stale_cursor",
    });
  });
});
