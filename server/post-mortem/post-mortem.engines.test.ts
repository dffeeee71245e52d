import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client } from "pg";
import { newPerson } from "@/sandbox/new-person";
import type { Actor, Role } from "@/server/auth/roles";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { addFollowUp, changeFollowUp } from "@/server/post-mortem/follow-ups";
import { getPostMortem } from "@/server/post-mortem/get-post-mortem";
import { incidentMonths, listPostMortems } from "@/server/post-mortem/list-post-mortems";
import { savePostMortem } from "@/server/post-mortem/save-post-mortem";
import { signPostMortem, withdrawSignature } from "@/server/post-mortem/sign-post-mortem";
import { postMortemSignedOff } from "@/server/post-mortem/signed-off";
import { appendEntries } from "@/server/timeline/append-entries";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let console_: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
let owner: Client;
const people: Record<string, Actor> = {};
let incidentId: string;

const person = (name: string): Actor => {
  const found = people[name];
  if (found === undefined) throw new Error(`no person ${name}`);
  return found;
};
const by = (name: string) => ({ db, actor: person(name) });

async function anIncident(
  options: { restricted?: boolean; severity?: string; resolved?: boolean } = {},
): Promise<string> {
  const id = randomUUID();
  await owner.query(
    `INSERT INTO incidents (id, title, severity, state, restricted, origin, declared_by_name, began_at, declared_at, contained_at, resolved_at)
     VALUES ($1, 'Stolen | mandate', $2, $3, $4, 'by-hand', 'Dana', now() - interval '100 s', now() - interval '90 s', now() - interval '30 s', $5)`,
    [
      id,
      options.severity ?? "P1",
      options.resolved === false ? "contained" : "resolved",
      options.restricted ?? false,
      options.resolved === false ? null : new Date(),
    ],
  );
  return id;
}

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  db = openDatabase({ url: console_.url, label: "console", max: 6, statementTimeoutMs: 5_000 });
  owner = new Client({ connectionString: console_.migrateUrl });
  await owner.connect();
  for (const [username, role] of [
    ["dana", "responder"],
    ["ira", "approver"],
    ["vera", "viewer"],
    ["sol", "security"],
  ] as [string, Role][])
    people[username] = await newPerson(db, username, [role]);
});
afterAll(async () => {
  await owner.end();
  await db.close();
  await console_.drop();
});
beforeEach(async () => {
  incidentId = await anIncident();
});

const write = (name: string, revision: number, summary = "What happened.") =>
  savePostMortem({ ctx: by(name), input: { incidentId, revision, sections: { summary } } });

describe("the draft", () => {
  test("fills itself with what was measured and says so where nothing was", async () => {
    await db.transaction((tx) =>
      appendEntries(tx, [{ chain: incidentId, kind: "note.added", by: person("dana"), summary: "Saw it in the logs" }]),
    );
    await owner.query("UPDATE incidents SET resolved_at = clock_timestamp() WHERE id = $1", [incidentId]);
    const view = await getPostMortem({ ctx: by("vera"), input: { incidentId } });
    expect(view.revision).toBe(0);
    expect(view.measured.figures).toContainEqual(
      expect.objectContaining({ name: "time to detect", value: 10, unit: "s" }),
    );
    expect(view.measured.figures).toContainEqual(
      expect.objectContaining({ name: "time to contain", value: 60, unit: "s" }),
    );
    expect(view.measured.figures).toContainEqual(expect.objectContaining({ name: "audit events lost", value: null }));
    expect(view.measured.responders).toEqual([{ name: "dana", roles: [], entries: 1 }]);
    expect(view.measured.milestones.map(({ summary }) => summary)).toEqual(["Saw it in the logs"]);
    expect(view.sections.every((section) => !section.written && section.text === section.draft)).toBe(true);
  });

  test("counts the events that the signals saw lost, each replica's highest count", async () => {
    for (const counts of [[2, 5, 3], [7]]) {
      const { rows } = await owner.query<{ id: string }>(
        `INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ($1, 'audit-dropped', 'P2', 'dropped', now()) RETURNING id`,
        [randomUUID()],
      );
      const id = rows[0]?.id;
      await owner.query("INSERT INTO incident_signals VALUES ($1, $2)", [incidentId, id]);
      for (const [index, value] of counts.entries())
        await owner.query(
          "INSERT INTO signal_readings VALUES ($1, now() + make_interval(secs => $2), 'P2', 'dropped', $3)",
          [id, index, JSON.stringify([{ name: "audit_dropped", value, source: "sts" }])],
        );
    }
    const view = await getPostMortem({ ctx: by("vera"), input: { incidentId } });
    expect(view.measured.figures).toContainEqual(expect.objectContaining({ name: "audit events lost", value: 12 }));
  });
});

describe("editing", () => {
  test("keeps what was written and gives a section back to the draft", async () => {
    const saved = await write("dana", 0);
    expect(saved.revision).toBe(1);
    expect(saved.sections.find(({ name }) => name === "summary")).toMatchObject({
      text: "What happened.",
      written: true,
    });
    const back = await savePostMortem({
      ctx: by("dana"),
      input: { incidentId, revision: 1, sections: { summary: null, lessons: "None." } },
    });
    expect(back.sections.filter(({ written }) => written).map(({ name }) => name)).toEqual(["lessons"]);
  });

  test("of ten who save the same revision at once one wins, the others are told who was first", async () => {
    await write("dana", 0);
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => write(index % 2 === 0 ? "dana" : "ira", 1, `Text ${index}`)),
    );
    const refused = answers.filter((one) => one.status === "rejected");
    expect(refused).toHaveLength(9);
    expect(String(refused[0]?.reason)).toMatch(/^DomainError: (dana|ira) saved this post-mortem meanwhile/);
  });

  test("autosaves of one person are one entry, somebody else's the next", async () => {
    for (const revision of [0, 1, 2]) await write("dana", revision, `Text ${revision}`);
    await write("ira", 3);
    const entries = await db.query(
      "SELECT actor_name FROM timeline_entries WHERE chain = $1 AND kind = 'post-mortem.edited' ORDER BY seq",
      [incidentId],
    );
    expect(entries.map((entry) => entry.actor_name)).toEqual(["dana", "ira"]);
  });

  test("is refused once the incident is closed, and of a restricted incident nothing is told", async () => {
    await owner.query("UPDATE incidents SET state = 'closed', closed_at = now() WHERE id = $1", [incidentId]);
    await expect(write("dana", 0)).rejects.toMatchObject({ code: "precondition_failed" });
    incidentId = await anIncident({ restricted: true });
    await expect(write("dana", 0)).rejects.toMatchObject({ code: "not_found" });
    await expect(getPostMortem({ ctx: by("vera"), input: { incidentId } })).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await getPostMortem({ ctx: by("sol"), input: { incidentId } })).incident.restricted).toBe(true);
  });
});

describe("signing", () => {
  const sign = (name: string, view: { revision: number; digest: string }) =>
    signPostMortem({ ctx: by(name), input: { incidentId, revision: view.revision, digest: view.digest } });

  test("two people sign the same bytes; one person twice is one signature", async () => {
    const view = await write("dana", 0);
    await sign("dana", view);
    await expect(sign("dana", view)).rejects.toMatchObject({ code: "conflict" });
    expect(await postMortemSignedOff(db, incidentId)).toBe(false);
    const signed = await sign("ira", view);
    expect(signed.signedOff).toBe(true);
    expect(await postMortemSignedOff(db, incidentId)).toBe(true);
    expect((await getPostMortem({ ctx: by("vera"), input: { incidentId } })).signedOff).toBe(true);
  });

  test("any change leaves the signatures behind", async () => {
    const view = await write("dana", 0);
    await sign("dana", view);
    await sign("ira", view);
    await write("ira", 1, "Rather this.");
    expect(await postMortemSignedOff(db, incidentId)).toBe(false);
    await expect(sign("sol", view)).rejects.toMatchObject({ code: "conflict" });
  });

  test("a follow-up is part of what is signed, its being done is not", async () => {
    const before = await write("dana", 0);
    const { id } = await addFollowUp({
      ctx: by("dana"),
      input: { incidentId, title: "Rotate the secret", ownerId: person("ira").id, dueOn: "2026-12-01" },
    });
    await expect(sign("dana", before)).rejects.toMatchObject({ code: "conflict" });
    const view = await getPostMortem({ ctx: by("dana"), input: { incidentId } });
    await sign("dana", view);
    await sign("ira", view);
    await changeFollowUp({
      ctx: by("ira"),
      input: {
        followUpId: id,
        title: "Rotate the secret",
        ownerId: person("ira").id,
        dueOn: "2026-12-01",
        state: "done",
      },
    });
    const after = await getPostMortem({ ctx: by("dana"), input: { incidentId } });
    expect(after.signedOff).toBe(true);
    expect(after.followUps[0]).toMatchObject({ state: "done", owner: { name: "ira" } });
  });

  test("not before the incident is resolved, not the bare draft, not while a run goes on, and anew after a reopening", async () => {
    const draft = await getPostMortem({ ctx: by("dana"), input: { incidentId } });
    await expect(sign("dana", { revision: 1, digest: draft.digest })).rejects.toMatchObject({
      code: "precondition_failed",
    });
    const view = await write("dana", 0);
    await sign("dana", view);
    await sign("ira", view);
    await owner.query("UPDATE incidents SET state = 'reopened' WHERE id = $1", [incidentId]);
    await expect(sign("sol", view)).rejects.toMatchObject({ code: "precondition_failed" });
    await owner.query("UPDATE incidents SET state = 'resolved', resolved_at = clock_timestamp() WHERE id = $1", [
      incidentId,
    ]);
    expect(await postMortemSignedOff(db, incidentId)).toBe(false);
  });

  test("a signature can be taken back", async () => {
    const view = await write("dana", 0);
    await sign("dana", view);
    await sign("ira", view);
    expect((await withdrawSignature({ ctx: by("ira"), input: { incidentId } })).signedOff).toBe(false);
    await expect(withdrawSignature({ ctx: by("ira"), input: { incidentId } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await sign("ira", view)).signedOff).toBe(true);
  });
});

describe("the index", () => {
  test("lists what is owed and what was written, with measured times, and pages by keyset", async () => {
    await anIncident({ severity: "P3" });
    const hidden = await anIncident({ restricted: true });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listPostMortems>> = await listPostMortems({
        ctx: by("vera"),
        input: { limit: 2, cursor },
      });
      seen.push(...page.rows.map((row) => row.incident.id));
      for (const row of page.rows) expect(row.detectSeconds).toBe(10);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain(incidentId);
    expect(seen).not.toContain(hidden);
    await expect(listPostMortems({ ctx: by("vera"), input: { limit: 2, cursor: "forged" } })).rejects.toMatchObject({
      code: "stale_cursor",
    });
  });

  test("months count what the viewer may see", async () => {
    const [mine] = await incidentMonths({ ctx: by("vera") });
    const [all] = await incidentMonths({ ctx: by("sol") });
    expect(mine?.medianContainSeconds).toBe(60);
    expect((all?.incidents.P1 ?? 0) - (mine?.incidents.P1 ?? 0)).toBeGreaterThan(0);
  });
});
