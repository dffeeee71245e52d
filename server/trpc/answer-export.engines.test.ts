import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { person, recordedIncident } from "@/sandbox/evidence-stage/stage";
import type { Actor } from "@/server/auth/roles";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { answerExport } from "@/server/trpc/answer-export";
import type { TRPCContext } from "@/server/trpc/context";

let own: ConsoleDatabase;
let db: Database;
let lead: Actor;
let viewer: Actor;
let restricted: string;
let open: string;

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 30_000 });
  lead = await person(db, "Dana Responder", "responder");
  viewer = await person(db, "Vera Viewer", "viewer");
  open = await recordedIncident(db, { lead, voter: viewer });
  restricted = await recordedIncident(db, { lead, voter: viewer }, true);
});
afterAll(async () => {
  await db?.close();
  await own?.drop();
});

function ask(id: string, query: string, actor: Actor | null, headers: Readonly<Record<string, string>> = {}) {
  const console = { db, settings: { CONSOLE_DATABASE_URL: own.url } } as Partial<
    TRPCContext["console"]
  > as TRPCContext["console"];
  const request = new Request(`http://console/api/exports/incidents/${id}?${query}`, { headers });
  return answerExport(request, id, async () => ({ actor, signInId: "s", requestId: "req-9", request: null, console }));
}

test("gives the file with its name, size and digest, never as a page of ours", async () => {
  const tar = await ask(open, "format=bundle&profile=full", lead);
  expect(tar.status).toBe(200);
  expect(tar.headers.get("content-disposition")).toMatch(/^attachment; filename="INC-\d+-full\.tar"$/);
  expect((await tar.arrayBuffer()).byteLength).toBe(Number(tar.headers.get("content-length")));
  const page = await ask(open, "format=html", viewer);
  expect(page.headers.get("content-disposition")).toMatch(/^inline; filename="INC-\d+-shared\.html"$/);
  expect(page.headers.get("content-security-policy")).toMatch(/^sandbox;/);
  expect(await page.text()).not.toContain("Dana");
});

test.each<[string, number, () => Promise<Response>]>([
  ["nobody signed in", 401, () => ask(open, "format=json", null)],
  ["a restricted incident, to a viewer", 404, () => ask(restricted, "format=json", viewer)],
  ["an incident that is none", 404, () => ask(randomUUID(), "format=json", lead)],
  ["the console's own chain", 404, () => ask("00000000-0000-0000-0000-000000000000", "format=json", lead)],
  ["the full profile, to a viewer", 403, () => ask(open, "format=json&profile=full", viewer)],
  ["an unknown format", 400, () => ask(open, "format=pdf", lead)],
  ["an id that is none", 400, () => ask("1%27", "format=json", lead)],
  ["a foreign page over plain HTTP", 403, () => ask(open, "format=json", lead, { referer: "http://evil.example/" })],
  ["a link on a foreign page", 403, () => ask(open, "format=json", lead, { "sec-fetch-site": "cross-site" })],
])("refuses %s with %i, in words", async (_, status, request) => {
  const answer = await request();
  expect(answer.status).toBe(status);
  expect((await answer.json()).message).toMatch(/[a-z]{3,}.*\./);
});

test("a third export of one person at once waits its turn, and is told so; afterwards it is made", async () => {
  const answers = await Promise.all([1, 2, 3].map(() => ask(open, "format=bundle", lead)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  expect((await ask(open, "format=json", lead)).status).toBe(200);
});

test("an unknown failure shows the request id and nothing else", async () => {
  const answer = await answerExport(new Request("http://console/x"), open, async () => {
    throw new Error("postgres://user:hunter2@db");
  });
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("hunter2");
});
