import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declareIn } from "@/server/incidents/declare-incident";
import { listIncidents } from "@/server/incidents/list-incidents";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { type IncidentStage, openIncidentStage } from "@/sandbox/incident-stage/stage";

let stage: IncidentStage;

beforeAll(async () => {
  stage = await openIncidentStage();
});
afterAll(() => stage.close());

describe("folding", () => {
  test("twenty declarations of one key at once are one incident", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        stage.db.transaction((tx) =>
          declareIn(tx, null, {
            title: "Chain broken",
            severity: "P1",
            origin: "automatic",
            dedupeKeys: ["chain:payments"],
          }),
        ),
      ),
    );
    expect(new Set(answers.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(answers.filter(({ folded }) => !folded)).toHaveLength(1);
    const notices = await stage.db.query("SELECT 1 FROM notices WHERE incident_id = $1", [answers[0]?.incidentId]);
    expect(notices).toHaveLength(1);
  });

  test("a resolved incident gives its key up; reopened it takes it back unless another holds it", async () => {
    const key = { dedupeKeys: ["dlq"], title: "Dead letters", severity: "P2", origin: "automatic" } as const;
    const declareKey = () => stage.db.transaction((tx) => declareIn(tx, null, key));
    const first = await declareKey();
    await stage.move("dana", first.incidentId, "resolve");
    const second = await declareKey();
    expect(second.incidentId).not.toBe(first.incidentId);
    await stage.move("dana", first.incidentId, "reopen");
    expect((await declareKey()).incidentId).toBe(second.incidentId);
  });

  test("from a signal: a second declaration leads to the first incident", async () => {
    const inserted = await stage.owner.query<{ id: string }>(
      "INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ('sts:down', 'service-not-ready', 'P1', 'All STS are down', now() - interval '5 min') RETURNING id",
    );
    const first = await stage.declare("dana", { signalKey: "sts:down", severity: "P1" });
    const second = await stage.declare("remy", { signalKey: "sts:down" });
    expect(second).toEqual({ incidentId: first.incidentId, number: first.number, folded: true });
    const seen = await stage.view("vera", first.incidentId);
    expect(seen.signals.map(({ key }) => key)).toEqual(["sts:down"]);
    expect(Date.parse(seen.declaredAt) - Date.parse(seen.beganAt)).toBeGreaterThan(290_000);
    await stage.owner.query("UPDATE signal_records SET cleared_at = now() WHERE id = $1", [inserted.rows[0]?.id]);
    await expect(stage.declare("dana", { signalKey: "sts:down" })).rejects.toMatchObject({ code: "not_found" });
  });

  test("a signal that a restricted incident holds can be declared from, and nothing tells that it is held", async () => {
    await stage.owner.query(
      "INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ('tamper:zone', 'tamper', 'P1', 'A chain is broken', now())",
    );
    const hidden = await stage.declare("dana", { signalKey: "tamper:zone", restricted: true });
    const beside = await stage.declare("remy", { signalKey: "tamper:zone" });
    expect(beside).toMatchObject({ folded: false });
    expect(beside.incidentId).not.toBe(hidden.incidentId);
    const { rows } = await stage.owner.query(
      "SELECT incident_id FROM incident_keys WHERE dedupe_key = 'tamper:zone' AND open",
    );
    expect(rows[0]).toEqual({ incident_id: hidden.incidentId });
  });

  test("merging three: one goes on, the others say where they went and refuse further acts", async () => {
    const [a, b, c] = [await stage.declare("dana"), await stage.declare("remy"), await stage.declare("dana")];
    for (const from of [a, b])
      await mergeIncidents({
        ctx: stage.by("dana"),
        input: { incidentId: from.incidentId, intoId: c.incidentId, reason: "Same thief" },
      });
    expect((await stage.view("vera", a.incidentId)).mergedInto).toEqual({ id: c.incidentId, number: c.number });
    expect((await stage.view("vera", c.incidentId)).merged.map(({ number }) => number)).toEqual([a.number, b.number]);
    await expect(stage.move("dana", a.incidentId, "contain")).rejects.toThrow(`merged into INC-${c.number}`);
    await expect(
      mergeIncidents({
        ctx: stage.by("dana"),
        input: { incidentId: c.incidentId, intoId: c.incidentId, reason: "Odd" },
      }),
    ).rejects.toMatchObject({ code: "bad_input" });
    const open = await listIncidents({
      ctx: stage.by("vera"),
      input: { show: "open", severities: [], text: "", limit: 100 },
    });
    expect(open.rows.map(({ id }) => id)).not.toContain(a.incidentId);
  });

  test("what went into a restricted incident does not name it to somebody who may not see it", async () => {
    const [from, secret] = [
      await stage.declare("dana"),
      await stage.declare("sol", { restricted: true, title: "Insider" }),
    ];
    const named = new RegExp(`INC-${secret.number}\\b|Insider|${secret.incidentId}`);
    await mergeIncidents({
      ctx: stage.by("sol"),
      input: { incidentId: from.incidentId, intoId: secret.incidentId, reason: "The same" },
    });
    const refused = await stage.move("remy", from.incidentId, "contain").catch((error: unknown) => error);
    expect(String(refused)).toContain("merged into an incident that is not open to you");
    expect(JSON.stringify(refused)).not.toMatch(named);
    const view = await stage.view("remy", from.incidentId);
    expect(view.mergedInto).toEqual({ id: null, number: null });
    expect(JSON.stringify({ ...view, seq: 0 })).not.toMatch(named);
    const entries = await stage.db.query<{ summary: string }>("SELECT summary FROM timeline_entries WHERE chain = $1", [
      from.incidentId,
    ]);
    expect(entries.map(({ summary }) => summary).join()).not.toMatch(named);
    expect((await stage.view("sol", from.incidentId)).mergedInto).toEqual({
      id: secret.incidentId,
      number: secret.number,
    });

    const [hidden, open] = [
      await stage.declare("sol", { restricted: true, title: "Insider" }),
      await stage.declare("remy"),
    ];
    await mergeIncidents({
      ctx: stage.by("sol"),
      input: { incidentId: hidden.incidentId, intoId: open.incidentId, reason: "The same" },
    });
    await stage.owner.query("UPDATE incidents SET restricted = false WHERE id = $1", [open.incidentId]);
    expect((await stage.view("vera", open.incidentId)).merged).toEqual([]);
    expect((await stage.view("sol", open.incidentId)).merged).toHaveLength(1);
  });

  test("two merges of the same pair in both directions at once: one wins, none waits for ever", async () => {
    const [a, b] = [await stage.declare("dana"), await stage.declare("remy")];
    const answers = await Promise.allSettled([
      mergeIncidents({
        ctx: stage.by("dana"),
        input: { incidentId: a.incidentId, intoId: b.incidentId, reason: "Same" },
      }),
      mergeIncidents({
        ctx: stage.by("remy"),
        input: { incidentId: b.incidentId, intoId: a.incidentId, reason: "Same" },
      }),
    ]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
