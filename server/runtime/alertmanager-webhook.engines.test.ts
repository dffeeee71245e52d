import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { openDeclaredSignals } from "@/server/detection/open-declared-signals";
import { openDatabase } from "@/server/platform/postgres";
import { forgetPosts, mostPosts, receiveAlertmanager } from "@/server/runtime/alertmanager-webhook";

let stage: NotifierStage;
beforeEach(async () => {
  await forgetPosts();
  stage = await openNotifierStage();
});
afterEach(() => stage.close());

const fixture = (name: string) =>
  readFileSync(new URL(`../../sandbox/receivers/alertmanager/${name}.json`, import.meta.url), "utf8");
function post(
  body: string,
  token: string | null = "alertmanager-token",
  settings = stage.settings([]),
  db = stage.db,
): Promise<Response> {
  const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` });
  return receiveAlertmanager(
    new Request("http://console/api/webhooks/alertmanager", { method: "POST", headers, body }),
    {
      db,
      settings,
    },
  );
}

describe("Alertmanager's webhook", () => {
  it("declares firing alerts as signals with their source, once however often they are repeated", async () => {
    expect(await (await post(fixture("firing"))).json()).toEqual({ declared: 2, seen: 0, cleared: 0 });
    const again = await Promise.all(
      Array.from({ length: 5 }, () => post(fixture("firing")).then((answer) => answer.json())),
    );
    expect(again).toEqual(again.map(() => ({ declared: 0, seen: 2, cleared: 0 })));
    const signals = await openDeclaredSignals(stage.db);
    expect(
      signals.map(({ severity, sentence, declaredBy, from, zoneId }) => [severity, sentence, declaredBy, from, zoneId]),
    ).toEqual([
      [
        "P1",
        "AuditLagHigh: Audit is 4 min behind (instance=audit-1:8083, job=audit)",
        "Alertmanager",
        "alertmanager",
        null,
      ],
      [
        "P2",
        "StsErrorRate: STS answers 5xx to 12% (instance=sts-1:8080, job=sts, zone_id=zone-a)",
        "Alertmanager",
        "alertmanager",
        "zone-a",
      ],
    ]);
  });

  it("clears what is resolved, is not fooled by a late repeat, and takes the alert up when it fires anew", async () => {
    await post(fixture("firing"));
    expect(await (await post(fixture("resolved"))).json()).toEqual({ declared: 0, seen: 0, cleared: 1 });
    expect(await (await post(fixture("resolved"))).json()).toEqual({ declared: 0, seen: 0, cleared: 0 });
    expect(await (await post(fixture("firing"))).json()).toEqual({ declared: 0, seen: 1, cleared: 0 });
    expect(await openDeclaredSignals(stage.db)).toHaveLength(1);
    const [known] = await stage.owner.query<{ id: string }>(
      "SELECT id FROM declared_signals WHERE cleared_at IS NOT NULL",
    );
    const anew = fixture("firing").replace("2026-11-23T02:00:00.123456789Z", "2026-11-23T04:00:00.5Z");
    expect(await (await post(anew)).json()).toEqual({ declared: 1, seen: 1, cleared: 0 });
    // under its old key, so that a flapping alert folds into the incident it began
    expect((await openDeclaredSignals(stage.db)).map(({ id }) => id)).toContain(known?.id);
  });

  it("first sight by five replicas at once is one signal", async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post(fixture("firing")).then((answer) => answer.json())),
    );
    expect(answers.reduce((sum, { declared }) => sum + declared, 0)).toBe(2);
    expect(await openDeclaredSignals(stage.db)).toHaveLength(2);
  });

  it.each([
    ["no token", null],
    ["another token", "alertmanager-tokem"],
    ["an empty token", ""],
  ])("refuses %s", async (_what, token) => {
    expect((await post(fixture("firing"), token)).status).toBe(401);
    expect(await openDeclaredSignals(stage.db)).toHaveLength(0);
  });

  it("is not there while no token is set", async () => {
    const settings = { ...stage.settings([]), ALERTMANAGER_TOKEN: undefined };
    expect((await post(fixture("firing"), "anything", settings)).status).toBe(404);
  });

  it("refuses what is too long or not understood, and says so", async () => {
    expect((await post("x".repeat(1_048_577))).status).toBe(413);
    expect((await post("{")).status).toBe(400);
    const answer = await post(fixture("firing").replace('"version": "4"', '"version": "3"'));
    expect([answer.status, (await answer.json()).error]).toEqual([400, expect.stringContaining("version")]);
  });

  it("takes so many posts a minute: beyond them Alertmanager tries again, and guesses at the token are cut off", async () => {
    const statuses = async (count: number, token?: string) => {
      const answers: number[] = [];
      for (let n = 0; n < count; n += 1) answers.push((await post("{", token)).status);
      return answers;
    };
    expect(new Set(await statuses(mostPosts.known))).toEqual(new Set([400]));
    expect(await statuses(2)).toEqual([503, 503]);
    expect(new Set(await statuses(mostPosts.unknown, "a guess"))).toEqual(new Set([401]));
    expect(await statuses(2, "a guess")).toEqual([429, 429]);
    expect(await openDeclaredSignals(stage.db)).toHaveLength(0);
  });

  it("stops reading a body that is longer than it said", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const request = new Request("http://console/api/webhooks/alertmanager", {
      method: "POST",
      headers: { authorization: "Bearer alertmanager-token" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect((await receiveAlertmanager(request, { db: stage.db, settings: stage.settings([]) })).status).toBe(413);
    expect(sent).toBeLessThan(2 * 1_048_576);
  });

  it("asks for another try while the console's own Postgres is away", async () => {
    const away = openDatabase({
      url: "postgres://x@127.0.0.1:1/x",
      label: "Postgres",
      max: 1,
      statementTimeoutMs: 500,
    });
    expect((await post(fixture("firing"), undefined, undefined, away)).status).toBe(503);
    await away.close();
  });
});
