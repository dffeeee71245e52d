import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "pg";
import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor, Role } from "@/server/auth/roles";
import { addMember, removeMember, restrictIncident, setRole } from "@/server/incidents/assign";
import { changeSeverity } from "@/server/incidents/change-severity";
import { declareIn, declareIncident } from "@/server/incidents/declare-incident";
import { getIncident } from "@/server/incidents/get-incident";
import { listIncidents } from "@/server/incidents/list-incidents";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { moveIncident } from "@/server/incidents/move-incident";
import { acknowledgeIncident, addNote, pinEntry } from "@/server/incidents/notes";
import { declareIncidentInput, type IncidentEvent } from "@/server/incidents/schemas";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { listTimeline } from "@/server/timeline/list-timeline";
import { timelineInput } from "@/server/timeline/schemas";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let console_: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
let owner: Client;
const people = new Map<string, Actor>();

const by = (name: string) => {
  const actor = people.get(name);
  if (actor === undefined) throw new Error(`no person ${name}`);
  return { db, actor };
};
const declare = (name: string, given: Partial<Parameters<typeof declareIncidentInput.parse>[0] & object> = {}) =>
  declareIncident({
    ctx: by(name),
    input: declareIncidentInput.parse({ title: "Stolen mandate", severity: "P2", ...given }),
  });
const move = (name: string, incidentId: string, event: IncidentEvent) =>
  moveIncident({ ctx: by(name), input: { incidentId, event, reason: "As agreed" } });
const kinds = async (incidentId: string): Promise<string[]> =>
  (
    await db.query<{ kind: string }>("SELECT kind FROM timeline_entries WHERE chain = $1 ORDER BY seq", [incidentId])
  ).map(({ kind }) => kind);
const view = (name: string, incidentId: string) => getIncident({ ctx: by(name), input: { incidentId } });

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  db = openDatabase({ url: console_.url, label: "console", max: 12, statementTimeoutMs: 5_000 });
  owner = new Client({ connectionString: console_.migrateUrl });
  await owner.connect();
  const given: readonly [string, Role][] = [
    ["dana", "responder"],
    ["remy", "responder"],
    ["vera", "viewer"],
    ["sol", "security"],
    ["ada", "admin"],
  ];
  for (const [username, role] of given) {
    const id = await createLocalAccount({
      db,
      username,
      displayName: username,
      roles: [role],
      password: "a long enough password",
    });
    people.set(username, { id, name: username, roles: [role] });
  }
});
afterAll(async () => {
  await owner.end();
  await db.close();
  await console_.drop();
});

describe("lifecycle", () => {
  test("declared to closed and back, each move on the record, the closed timeline takes only the reopening", async () => {
    const { incidentId } = await declare("dana", { note: "Seen in the logs" });
    for (const event of ["contain", "recover", "resolve", "close"] as const) await move("dana", incidentId, event);
    expect((await view("vera", incidentId)).state).toBe("closed");
    await expect(
      addNote({ ctx: by("dana"), input: { incidentId, text: "One more thing", isUpdate: false } }),
    ).rejects.toMatchObject({ code: "precondition_failed" });
    await move("dana", incidentId, "reopen");
    await addNote({ ctx: by("dana"), input: { incidentId, text: "It came back", isUpdate: true } });
    expect(await kinds(incidentId)).toEqual([
      "incident.declared",
      "note.added",
      "incident.contained",
      "incident.recovered",
      "incident.resolved",
      "incident.closed",
      "incident.reopened",
      "note.update",
    ]);
  });

  test("a move that the state does not allow is refused, and of ten at once one happens", async () => {
    const { incidentId } = await declare("dana");
    await expect(move("dana", incidentId, "close")).rejects.toMatchObject({ code: "conflict" });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => move("remy", incidentId, "contain")));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await kinds(incidentId)).filter((kind) => kind === "incident.contained")).toHaveLength(1);
  });

  test("what was ever P1 closes only with a post-mortem; lowering the severity does not spare it", async () => {
    const { incidentId } = await declare("dana", { severity: "P1" });
    await move("dana", incidentId, "resolve");
    await changeSeverity({ ctx: by("dana"), input: { incidentId, severity: "P3", reason: "Smaller than it looked" } });
    await expect(move("dana", incidentId, "close")).rejects.toThrow(/two people have to sign/);
    const seen = await view("dana", incidentId);
    expect(seen.events.close).toEqual({ allowed: false, why: expect.stringContaining("post-mortem") });
  });

  test("the update clock runs from the declaration, starts anew with an update, and a P1's post-mortem clock with the resolution", async () => {
    const { incidentId } = await declare("dana", { severity: "P1" });
    const [first] = (await view("dana", incidentId)).clocks;
    expect(Date.parse(first?.dueAt ?? "") - Date.parse(first?.warnAt ?? "")).toBe(450_000);
    await addNote({ ctx: by("dana"), input: { incidentId, text: "Still at it", isUpdate: true } });
    const [second] = (await view("dana", incidentId)).clocks;
    expect(Date.parse(second?.dueAt ?? "")).toBeGreaterThan(Date.parse(first?.dueAt ?? ""));
    await move("dana", incidentId, "resolve");
    expect((await view("dana", incidentId)).clocks.map(({ kind }) => kind)).toEqual(["post-mortem"]);
  });
});

describe("folding", () => {
  test("twenty declarations of one key at once are one incident", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        db.transaction((tx) =>
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
    const notices = await db.query("SELECT 1 FROM notices WHERE incident_id = $1", [answers[0]?.incidentId]);
    expect(notices).toHaveLength(1);
  });

  test("a resolved incident gives its key up; reopened it takes it back unless another holds it", async () => {
    const key = { dedupeKeys: ["dlq"], title: "Dead letters", severity: "P2", origin: "automatic" } as const;
    const declareKey = () => db.transaction((tx) => declareIn(tx, null, key));
    const first = await declareKey();
    await move("dana", first.incidentId, "resolve");
    const second = await declareKey();
    expect(second.incidentId).not.toBe(first.incidentId);
    await move("dana", first.incidentId, "reopen");
    expect((await declareKey()).incidentId).toBe(second.incidentId);
  });

  test("from a signal: a second declaration leads to the first incident", async () => {
    const inserted = await owner.query<{ id: string }>(
      "INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ('sts:down', 'service-not-ready', 'P1', 'All STS are down', now() - interval '5 min') RETURNING id",
    );
    const first = await declare("dana", { signalKey: "sts:down", severity: "P1" });
    const second = await declare("remy", { signalKey: "sts:down" });
    expect(second).toEqual({ incidentId: first.incidentId, number: first.number, folded: true });
    const seen = await view("vera", first.incidentId);
    expect(seen.signals.map(({ key }) => key)).toEqual(["sts:down"]);
    expect(Date.parse(seen.declaredAt) - Date.parse(seen.beganAt)).toBeGreaterThan(290_000);
    await owner.query("UPDATE signal_records SET cleared_at = now() WHERE id = $1", [inserted.rows[0]?.id]);
    await expect(declare("dana", { signalKey: "sts:down" })).rejects.toMatchObject({ code: "not_found" });
  });

  test("a signal that a restricted incident holds can be declared from, and nothing tells that it is held", async () => {
    await owner.query(
      "INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ('tamper:zone', 'tamper', 'P1', 'A chain is broken', now())",
    );
    const hidden = await declare("dana", { signalKey: "tamper:zone", restricted: true });
    const beside = await declare("remy", { signalKey: "tamper:zone" });
    expect(beside).toMatchObject({ folded: false });
    expect(beside.incidentId).not.toBe(hidden.incidentId);
    const [key] = await owner
      .query("SELECT incident_id FROM incident_keys WHERE dedupe_key = 'tamper:zone' AND open")
      .then(({ rows }) => rows);
    expect(key).toEqual({ incident_id: hidden.incidentId });
  });

  test("merging three: one goes on, the others say where they went and refuse further acts", async () => {
    const [a, b, c] = [await declare("dana"), await declare("remy"), await declare("dana")];
    for (const from of [a, b])
      await mergeIncidents({
        ctx: by("dana"),
        input: { incidentId: from.incidentId, intoId: c.incidentId, reason: "Same thief" },
      });
    expect((await view("vera", a.incidentId)).mergedInto).toEqual({ id: c.incidentId, number: c.number });
    expect((await view("vera", c.incidentId)).merged.map(({ number }) => number)).toEqual([a.number, b.number]);
    await expect(move("dana", a.incidentId, "contain")).rejects.toThrow(`merged into INC-${c.number}`);
    await expect(
      mergeIncidents({ ctx: by("dana"), input: { incidentId: c.incidentId, intoId: c.incidentId, reason: "Odd" } }),
    ).rejects.toMatchObject({ code: "bad_input" });
    const open = await listIncidents({
      ctx: by("vera"),
      input: { show: "open", severities: [], text: "", limit: 100 },
    });
    expect(open.rows.map(({ id }) => id)).not.toContain(a.incidentId);
  });

  test("two merges of the same pair in both directions at once: one wins, none waits for ever", async () => {
    const [a, b] = [await declare("dana"), await declare("remy")];
    const answers = await Promise.allSettled([
      mergeIncidents({ ctx: by("dana"), input: { incidentId: a.incidentId, intoId: b.incidentId, reason: "Same" } }),
      mergeIncidents({ ctx: by("remy"), input: { incidentId: b.incidentId, intoId: a.incidentId, reason: "Same" } }),
    ]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("people", () => {
  test("a role is handed over with its times; who holds one cannot be removed", async () => {
    const { incidentId } = await declare("dana");
    const lead = (name: string) =>
      setRole({ ctx: by("dana"), input: { incidentId, role: "lead", personId: by(name).actor.id } });
    await lead("dana");
    await lead("remy");
    await expect(lead("remy")).rejects.toMatchObject({ code: "conflict" });
    const seen = await view("vera", incidentId);
    expect(seen.lead?.name).toBe("remy");
    expect(seen.roleHistory.map(({ person }) => person.name)).toEqual(["dana"]);
    await expect(
      removeMember({ ctx: by("dana"), input: { incidentId, personId: by("remy").actor.id } }),
    ).rejects.toThrow(/hand that over first/);
    await setRole({ ctx: by("dana"), input: { incidentId, role: "lead", personId: null } });
    await removeMember({ ctx: by("dana"), input: { incidentId, personId: by("remy").actor.id } });
    expect((await view("vera", incidentId)).members.map(({ name }) => name)).toEqual(["dana"]);
  });

  test("of ten who take the lead at once exactly one holds it at the end", async () => {
    const { incidentId } = await declare("dana");
    await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        setRole({
          ctx: by("dana"),
          input: { incidentId, role: "lead", personId: by(index % 2 === 0 ? "dana" : "remy").actor.id },
        }),
      ),
    );
    const held = await db.query(
      "SELECT 1 FROM incident_roles WHERE incident_id = $1 AND role = 'lead' AND until IS NULL",
      [incidentId],
    );
    expect(held).toHaveLength(1);
  });

  test("who is mentioned is told once; acknowledging happens once; pinning an entry that is not there is refused", async () => {
    const { incidentId } = await declare("dana");
    const { mentioned } = await addNote({
      ctx: by("dana"),
      input: { incidentId, text: "@remy and @nobody, please", isUpdate: false },
    });
    expect(mentioned.map(({ name }) => name)).toEqual(["remy"]);
    const notices = await db.query<{ people: string[] }>(
      "SELECT people FROM notices WHERE incident_id = $1 AND kind = 'mention'",
      [incidentId],
    );
    expect(notices).toEqual([{ people: [by("remy").actor.id] }]);
    await acknowledgeIncident({ ctx: by("remy"), input: { incidentId, comment: "" } });
    await expect(acknowledgeIncident({ ctx: by("dana"), input: { incidentId, comment: "" } })).rejects.toMatchObject({
      code: "conflict",
    });
    await pinEntry({ ctx: by("dana"), input: { incidentId, seq: 1, pinned: true } });
    const pinned = await listTimeline({
      ctx: by("vera"),
      input: timelineInput.parse({ incidentId, pinnedOnly: true }),
    });
    expect(pinned.entries.map(({ seq }) => seq)).toEqual([1]);
    await expect(pinEntry({ ctx: by("dana"), input: { incidentId, seq: 99, pinned: true } })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("a restricted incident", () => {
  test("is not there for those outside, on any path; security, admin and its responders see it, and a look is on record once", async () => {
    const { incidentId, number } = await declare("dana", { restricted: true, title: "Quiet matter" });
    const refused = { code: "not_found" };
    for (const name of ["vera", "remy"]) {
      await expect(view(name, incidentId)).rejects.toMatchObject(refused);
      await expect(listTimeline({ ctx: by(name), input: timelineInput.parse({ incidentId }) })).rejects.toMatchObject(
        refused,
      );
      await expect(move(name, incidentId, "contain")).rejects.toMatchObject(refused);
      await expect(
        addMember({ ctx: by(name), input: { incidentId, personId: by(name).actor.id } }),
      ).rejects.toMatchObject(refused);
      for (const text of ["Quiet", `INC-${number}`])
        expect(
          (await listIncidents({ ctx: by(name), input: { show: "all", severities: [], text, limit: 10 } })).rows,
        ).toEqual([]);
    }
    for (const name of ["sol", "ada", "dana"]) expect((await view(name, incidentId)).title).toBe("Quiet matter");
    await view("sol", incidentId);
    expect((await kinds(incidentId)).filter((kind) => kind === "view.restricted")).toHaveLength(3);
    await addMember({ ctx: by("dana"), input: { incidentId, personId: by("remy").actor.id } });
    expect((await view("remy", incidentId)).restricted).toBe(true);
    await restrictIncident({ ctx: by("sol"), input: { incidentId, restricted: false, reason: "No longer needed" } });
    expect((await view("vera", incidentId)).restricted).toBe(false);
  });
});

describe("the list", () => {
  test("pages through a thousand by keyset, worst first, none twice and none left out", async () => {
    await owner.query(
      `INSERT INTO incidents (id, title, severity, origin, declared_by_name, declared_at)
       SELECT gen_random_uuid(), 'Bulk ' || n, 'P' || (1 + n % 4), 'automatic', 'console', now() - make_interval(mins => n / 3) FROM generate_series(1, 1000) n`,
    );
    for (const show of ["open", "all"] as const) {
      const seen: { id: string; severity: string }[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof listIncidents>> = await listIncidents({
          ctx: by("vera"),
          input: { show, severities: [], text: "Bulk", limit: 90, cursor },
        });
        seen.push(...page.rows);
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(new Set(seen.map(({ id }) => id)).size).toBe(1000);
      expect(seen).toHaveLength(1000);
      if (show === "open")
        expect(seen.map(({ severity }) => severity)).toEqual(seen.map(({ severity }) => severity).sort());
    }
    await expect(
      listIncidents({ ctx: by("vera"), input: { show: "all", severities: [], text: "", limit: 5, cursor: "x" } }),
    ).rejects.toMatchObject({ code: "stale_cursor" });
  });
});
