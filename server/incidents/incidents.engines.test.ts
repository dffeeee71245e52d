import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addMember, removeMember, restrictIncident, setRole } from "@/server/incidents/assign";
import { changeSeverity } from "@/server/incidents/change-severity";
import { listIncidents } from "@/server/incidents/list-incidents";
import { acknowledgeIncident, addNote, pinEntry } from "@/server/incidents/notes";
import { listTimeline } from "@/server/timeline/list-timeline";
import { timelineInput } from "@/server/timeline/schemas";
import { type IncidentStage, openIncidentStage } from "@/sandbox/incident-stage/stage";

let stage: IncidentStage;

beforeAll(async () => {
  stage = await openIncidentStage();
});
afterAll(() => stage.close());

describe("lifecycle", () => {
  test("declared to closed and back, each move on the record, the closed timeline takes only the reopening", async () => {
    const { incidentId } = await stage.declare("dana", { note: "Seen in the logs" });
    for (const event of ["contain", "recover", "resolve", "close"] as const)
      await stage.move("dana", incidentId, event);
    expect((await stage.view("vera", incidentId)).state).toBe("closed");
    await expect(
      addNote({ ctx: stage.by("dana"), input: { incidentId, text: "One more thing", isUpdate: false } }),
    ).rejects.toMatchObject({ code: "precondition_failed" });
    await stage.move("dana", incidentId, "reopen");
    await addNote({ ctx: stage.by("dana"), input: { incidentId, text: "It came back", isUpdate: true } });
    expect(await stage.kinds(incidentId)).toEqual([
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
    const { incidentId } = await stage.declare("dana");
    await expect(stage.move("dana", incidentId, "close")).rejects.toMatchObject({ code: "conflict" });
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => stage.move("remy", incidentId, "contain")),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await stage.kinds(incidentId)).filter((kind) => kind === "incident.contained")).toHaveLength(1);
  });

  test("what was ever P1 closes only with a post-mortem; lowering the severity does not spare it", async () => {
    const { incidentId } = await stage.declare("dana", { severity: "P1" });
    await stage.move("dana", incidentId, "resolve");
    await changeSeverity({
      ctx: stage.by("dana"),
      input: { incidentId, severity: "P3", reason: "Smaller than it looked" },
    });
    await expect(stage.move("dana", incidentId, "close")).rejects.toThrow(/two people have to sign/);
    const seen = await stage.view("dana", incidentId);
    expect(seen.events.close).toEqual({ allowed: false, why: expect.stringContaining("post-mortem") });
  });

  test("the update clock runs from the declaration, starts anew with an update, and a P1's post-mortem clock with the resolution", async () => {
    const { incidentId } = await stage.declare("dana", { severity: "P1" });
    const [first] = (await stage.view("dana", incidentId)).clocks;
    expect(Date.parse(first?.dueAt ?? "") - Date.parse(first?.warnAt ?? "")).toBe(450_000);
    await addNote({ ctx: stage.by("dana"), input: { incidentId, text: "Still at it", isUpdate: true } });
    const [second] = (await stage.view("dana", incidentId)).clocks;
    expect(Date.parse(second?.dueAt ?? "")).toBeGreaterThan(Date.parse(first?.dueAt ?? ""));
    await stage.move("dana", incidentId, "resolve");
    expect((await stage.view("dana", incidentId)).clocks.map(({ kind }) => kind)).toEqual(["post-mortem"]);
  });
});

describe("people", () => {
  test("a role is handed over with its times; who holds one cannot be removed", async () => {
    const { incidentId } = await stage.declare("dana");
    const lead = (name: string) =>
      setRole({ ctx: stage.by("dana"), input: { incidentId, role: "lead", personId: stage.by(name).actor.id } });
    await lead("dana");
    await lead("remy");
    await expect(lead("remy")).rejects.toMatchObject({ code: "conflict" });
    const seen = await stage.view("vera", incidentId);
    expect(seen.lead?.name).toBe("remy");
    expect(seen.roleHistory.map(({ person }) => person.name)).toEqual(["dana"]);
    await expect(
      removeMember({ ctx: stage.by("dana"), input: { incidentId, personId: stage.by("remy").actor.id } }),
    ).rejects.toThrow(/hand that over first/);
    await setRole({ ctx: stage.by("dana"), input: { incidentId, role: "lead", personId: null } });
    await removeMember({ ctx: stage.by("dana"), input: { incidentId, personId: stage.by("remy").actor.id } });
    expect((await stage.view("vera", incidentId)).members.map(({ name }) => name)).toEqual(["dana"]);
  });

  test("of ten who take the lead at once exactly one holds it at the end", async () => {
    const { incidentId } = await stage.declare("dana");
    await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        setRole({
          ctx: stage.by("dana"),
          input: { incidentId, role: "lead", personId: stage.by(index % 2 === 0 ? "dana" : "remy").actor.id },
        }),
      ),
    );
    const held = await stage.db.query(
      "SELECT 1 FROM incident_roles WHERE incident_id = $1 AND role = 'lead' AND until IS NULL",
      [incidentId],
    );
    expect(held).toHaveLength(1);
  });

  test("who may be mentioned in a restricted incident goes by the roles in force, those of break-glass too", async () => {
    const { incidentId } = await stage.declare("sol", { restricted: true });
    const mention = async () =>
      (await addNote({ ctx: stage.by("sol"), input: { incidentId, text: "@vera, @remy: look", isUpdate: false } }))
        .mentioned;
    expect(await mention()).toEqual([]);
    await stage.owner.query(
      `INSERT INTO break_glass (id, incident_id, first_id, second_id, reason, opened_at, expires_at)
       VALUES (gen_random_uuid(), $1, $2, $3, 'Nobody answers', now(), now() + interval '10 minutes')`,
      [incidentId, stage.by("vera").actor.id, stage.by("remy").actor.id],
    );
    expect((await mention()).map(({ name }) => name)).toEqual(["remy", "vera"]);
    await stage.owner.query("UPDATE break_glass SET ended_at = now() WHERE incident_id = $1", [incidentId]);
    expect(await mention()).toEqual([]);
  });

  test("who is mentioned is told once; acknowledging happens once; pinning an entry that is not there is refused", async () => {
    const { incidentId } = await stage.declare("dana");
    const { mentioned } = await addNote({
      ctx: stage.by("dana"),
      input: { incidentId, text: "@remy and @nobody, please", isUpdate: false },
    });
    expect(mentioned.map(({ name }) => name)).toEqual(["remy"]);
    const notices = await stage.db.query<{ people: string[] }>(
      "SELECT people FROM notices WHERE incident_id = $1 AND kind = 'mention'",
      [incidentId],
    );
    expect(notices).toEqual([{ people: [stage.by("remy").actor.id] }]);
    await acknowledgeIncident({ ctx: stage.by("remy"), input: { incidentId, comment: "" } });
    await expect(
      acknowledgeIncident({ ctx: stage.by("dana"), input: { incidentId, comment: "" } }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
    await pinEntry({ ctx: stage.by("dana"), input: { incidentId, seq: 1, pinned: true } });
    const pinned = await listTimeline({
      ctx: stage.by("vera"),
      input: timelineInput.parse({ incidentId, pinnedOnly: true }),
    });
    expect(pinned.entries.map(({ seq }) => seq)).toEqual([1]);
    await expect(
      pinEntry({ ctx: stage.by("dana"), input: { incidentId, seq: 99, pinned: true } }),
    ).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("a restricted incident", () => {
  test("is not there for those outside, on any path; security, admin and its responders see it, and a look is on record once", async () => {
    const { incidentId, number } = await stage.declare("dana", { restricted: true, title: "Quiet matter" });
    const refused = { code: "not_found" };
    for (const name of ["vera", "remy"]) {
      await expect(stage.view(name, incidentId)).rejects.toMatchObject(refused);
      await expect(
        listTimeline({ ctx: stage.by(name), input: timelineInput.parse({ incidentId }) }),
      ).rejects.toMatchObject(refused);
      await expect(stage.move(name, incidentId, "contain")).rejects.toMatchObject(refused);
      await expect(
        addMember({ ctx: stage.by(name), input: { incidentId, personId: stage.by(name).actor.id } }),
      ).rejects.toMatchObject(refused);
      for (const text of ["Quiet", `INC-${number}`])
        expect(
          (await listIncidents({ ctx: stage.by(name), input: { show: "all", severities: [], text, limit: 10 } })).rows,
        ).toEqual([]);
    }
    for (const name of ["sol", "ada", "dana"]) expect((await stage.view(name, incidentId)).title).toBe("Quiet matter");
    await stage.view("sol", incidentId);
    expect((await stage.kinds(incidentId)).filter((kind) => kind === "view.restricted")).toHaveLength(3);
    await addMember({ ctx: stage.by("dana"), input: { incidentId, personId: stage.by("remy").actor.id } });
    expect((await stage.view("remy", incidentId)).restricted).toBe(true);
    await restrictIncident({
      ctx: stage.by("sol"),
      input: { incidentId, restricted: false, reason: "No longer needed" },
    });
    expect((await stage.view("vera", incidentId)).restricted).toBe(false);
  });
});

describe("the list", () => {
  test("pages through a thousand by keyset, worst first, none twice and none left out", async () => {
    await stage.owner.query(
      `INSERT INTO incidents (id, title, severity, origin, declared_by_name, declared_at)
       SELECT gen_random_uuid(), 'Bulk ' || n, 'P' || (1 + n % 4), 'automatic', 'console', now() - make_interval(mins => n / 3) FROM generate_series(1, 1000) n`,
    );
    for (const show of ["open", "all"] as const) {
      const seen: { id: string; severity: string }[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof listIncidents>> = await listIncidents({
          ctx: stage.by("vera"),
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
      listIncidents({ ctx: stage.by("vera"), input: { show: "all", severities: [], text: "", limit: 5, cursor: "x" } }),
    ).rejects.toMatchObject({ code: "stale_cursor" });
  });
});
