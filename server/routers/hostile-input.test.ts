import { describe, expect, test } from "vitest";
import { listSignIns } from "@/server/auth/sign-ins";
import {
  ackSignalInput,
  changeSeverityInput,
  declareIncidentInput,
  noteInput,
  snoozeSignalInput,
} from "@/server/incidents/schemas";
import { clearSignalInput, declareSignalInput } from "@/server/live/schemas";
import { encodeCursor } from "@/server/platform/keyset-cursor";
import type { Database } from "@/server/platform/postgres";
import { listRuns } from "@/server/playbooks/list-runs";
import { checklistInput, reasonInput, revokeInput, runLogInput } from "@/server/playbooks/schemas";
import { streamId } from "@/server/streams/schemas";

const id = "0199aaaa-0000-7000-8000-000000000000";

/** A database that takes nothing: whatever is refused must be refused before it is asked. */
const unasked: Database = {
  query: () => Promise.reject(new Error("the database was asked")),
  transaction: () => Promise.reject(new Error("the database was asked")),
  close: async () => undefined,
};

describe("what Postgres or Redis would refuse is refused as input", () => {
  test.each(["stolen\u0000key", "stolen\ud800key", "stolen key\udc00"])("written text %j", (text) => {
    const inputs = [
      declareSignalInput.safeParse({ severity: "P4", sentence: text }),
      declareSignalInput.safeParse({ severity: "P4", sentence: "Nothing to see", zoneId: "z\u0000" }),
      clearSignalInput.safeParse({ id, reason: text }),
      revokeInput.safeParse({ runId: id, reason: text }),
      reasonInput.safeParse({ runId: id, reason: text }),
      checklistInput.safeParse({ runId: id, item: "x", skippedReason: text }),
      declareIncidentInput.safeParse({ title: text, severity: "P1" }),
      changeSeverityInput.safeParse({ incidentId: id, severity: "P1", reason: text }),
      noteInput.safeParse({ incidentId: id, text }),
      snoozeSignalInput.safeParse({ key: "k", minutes: 5, reason: text }),
      ackSignalInput.safeParse({ key: `dlq${text}` }),
    ];
    expect(inputs.map(({ success }) => success)).toEqual(inputs.map(() => false));
  });

  test("lines, accents and emoji stay what people may write", () => {
    expect(revokeInput.parse({ runId: id, reason: "geleakt: Schlüssel 🔑\nsee ticket" }).reason).toContain("🔑\n");
  });

  test.each(["0-0", "000-00", "9-18446744073709551616", "9999999999999999-99999999999999999999", "1"])(
    "stream id %s",
    (text) => expect(streamId.safeParse(text).success).toBe(false),
  );
  test.each(["0-1", "1795465374026-0", "9-18446744073709551615"])("stream id %s is one", (text) =>
    expect(streamId.parse(text)).toBe(text),
  );

  test("a log position beyond Postgres's integer", () => {
    expect(runLogInput.safeParse({ runId: id, afterSeq: 2_147_483_648 }).success).toBe(false);
  });

  test.each([
    ["2026 (foo)", id],
    ["Mon 1", id],
    ["2026-11-23T00:00:00.000000Z", "-".repeat(36)],
  ])("a forged runs cursor %s %s", async (at, run) => {
    const cursor = encodeCursor("runs", {}, [at, run]);
    await expect(
      listRuns({ ctx: { db: unasked, actor: { id, roles: [] } }, input: { cursor, limit: 1 } }),
    ).rejects.toMatchObject({
      code: "stale_cursor",
    });
  });

  test.each([
    ["2026-99-99T00:00:00.000000Z", id],
    ["2026-11-23T00:00:00.000000Z", "-".repeat(36)],
  ])("a forged sign-ins cursor %s %s", async (at, signIn) => {
    const input = { cursor: encodeCursor("sign-ins", {}, [at, signIn]), limit: 1 };
    await expect(listSignIns({ ctx: { db: unasked }, input })).rejects.toMatchObject({ code: "stale_cursor" });
  });
});
