import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import type { Actor, Role } from "@/server/auth/roles";
import { declareIncident } from "@/server/incidents/declare-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { answerDownload, answerUpload } from "@/server/trpc/answer-files";
import type { TRPCContext } from "@/server/trpc/context";

let made: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
let dana: Actor;
let vera: Actor;
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 7]);

const context = (actor: Actor | null) => () =>
  Promise.resolve({ actor, signInId: null, requestId: "r", request: null, console: { db } } as TRPCContext);
const declare = async (restricted: boolean) =>
  (
    await declareIncident({
      ctx: { db, actor: dana },
      input: declareIncidentInput.parse({ title: "With files", severity: "P3", restricted }),
    })
  ).incidentId;
function upload(actor: Actor | null, id: string, content: Uint8Array<ArrayBuffer>, type: string, origin = "https://c") {
  const body = new FormData();
  body.set("file", new File([content], "../shot 1.png", { type }));
  const headers = { host: "c", origin };
  return answerUpload(new Request("https://c/f", { method: "POST", body, headers }), id, context(actor));
}
const download = (actor: Actor | null, id: string, file: string) =>
  answerDownload(new Request(`https://c/f?file=${file}`), id, context(actor));

beforeAll(async () => {
  made = await freshConsoleDatabase();
  db = openDatabase({ url: made.url, label: "console", max: 4, statementTimeoutMs: 5_000 });
  const person = (username: string, role: Role) => newPerson(db, username, [role]);
  dana = await person("dana", "responder");
  vera = await person("vera", "viewer");
});
afterAll(async () => {
  await db.close();
  await made.drop();
});

test("a file comes back byte for byte, as a download that nothing runs, with its digest on the record", async () => {
  const id = await declare(false);
  const kept = await upload(dana, id, png, "image/png");
  expect(kept.status).toBe(201);
  const file = (await kept.json()) as { id: string; sha256: string };
  const got = await download(vera, id, file.id);
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(png);
  expect(got.headers.get("content-disposition")).toBe('attachment; filename="shot-1.png"');
  expect(got.headers.get("x-content-type-options")).toBe("nosniff");
  expect(got.headers.get("content-security-policy")).toContain("sandbox");
  expect(file.sha256).toBe(createHash("sha256").update(png).digest("hex"));
  const [entry] = await db.query<{ summary: string }>(
    "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = 'note.file'",
    [id],
  );
  expect(entry?.summary).toContain(file.sha256);
});

test("too large, disguised, foreign, unsigned and unentitled uploads are refused; the refusal of a role is on record", async () => {
  const id = await declare(false);
  expect((await upload(dana, id, new Uint8Array(10 * 1024 * 1024 + 1), "text/plain")).status).toBe(400);
  expect((await upload(dana, id, png, "application/pdf")).status).toBe(400);
  expect((await upload(dana, id, png, "text/html")).status).toBe(400);
  expect((await upload(dana, id, png, "image/png", "https://evil.example")).status).toBe(403);
  expect((await upload(null, id, png, "image/png")).status).toBe(401);
  expect((await upload(vera, id, png, "image/png")).status).toBe(403);
  expect((await upload(vera, id, png, "image/png")).status).toBe(403);
  expect((await upload(dana, "nonsense", png, "image/png")).status).toBe(404);
  const denied = await db.query<{ actor_id: string }>(
    "SELECT actor_id FROM timeline_entries WHERE kind = 'access.denied'",
  );
  expect(denied.map((row) => row.actor_id).sort()).toEqual([dana.id, vera.id].sort()); // once a minute each
  expect(await db.query("SELECT 1 FROM incident_files WHERE incident_id = $1", [id])).toEqual([]);
});

test("a file of a restricted incident, or asked for under another incident, is not there", async () => {
  const [hidden, other] = [await declare(true), await declare(false)];
  const file = (await (await upload(dana, hidden, png, "image/png")).json()) as { id: string };
  expect((await download(vera, hidden, file.id)).status).toBe(404);
  expect((await download(vera, other, file.id)).status).toBe(404);
  expect((await download(dana, hidden, file.id)).status).toBe(200);
});
