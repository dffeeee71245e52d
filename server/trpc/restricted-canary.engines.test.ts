import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedCanary } from "@/sandbox/canary-stage/seed";
import { ids, marker, openCanary, type Person } from "@/sandbox/canary-stage/stage";
import { appRouter } from "@/server/routers/app-router";
import type { Console } from "@/server/runtime/console";
import { answerDownload } from "@/server/trpc/answer-files";
import { answerEvidence } from "@/server/trpc/answer-evidence";
import { answerArchiveExport, answerExport, answerWindowExport } from "@/server/trpc/answer-export";
import type { TRPCContext } from "@/server/trpc/context";
import { t } from "@/server/trpc/init";

/** Tables of an incident that hold no text of its own, or whose text everybody may know. */
const withoutText = new Set([
  "incident_clocks",
  "incident_pins",
  "incident_signals", // signals are what everybody sees on Now
  "break_glass", // everybody is told
  "break_glass_open",
]);

let parts: Awaited<ReturnType<typeof openCanary>>;
beforeAll(async () => {
  parts = await openCanary();
  await seedCanary(parts.console.db, parts.insider, parts.outsider);
  await parts.console.collector.sampleNow();
}, 120_000);
afterAll(() => parts?.close());

const now = Date.now();
/** Every input of every query in one: each schema takes what it knows. */
const plausible = {
  ...{
    incidentId: ids.incident,
    runId: ids.run,
    approvalId: ids.approval,
    jobId: ids.job,
    freezeId: ids.freeze,
    itemId: ids.item,
  },
  ...{
    checkId: randomUUID(),
    comparisonId: randomUUID(),
    zoneId: "zone-1",
    applicationId: "a",
    subjectId: marker,
    sessionId: "s",
  },
  ...{
    since: new Date(now - 3_600_000).toISOString(),
    until: new Date(now).toISOString(),
    id: "e1",
    eventId: "e1",
    occurredAt: new Date(now).toISOString(),
  },
  ...{
    stream: "caracal.audit.events.dlq",
    group: "g",
    entryId: "1-1",
    outbox: "event_outbox",
    keys: [],
    minutes: 15,
    severity: "P1",
  },
  ...{ action: "freeze-zone", parameters: { zoneId: "zone-1" }, limit: 50 },
} as const;
/** What a query wants beside that, or instead. */
const own: Readonly<Record<string, readonly object[]>> = {
  "approvals.list": [{ show: "all" }, { show: "all", incidentId: ids.incident }],
  "incidents.list": [{ show: "all", text: marker }, { show: "open" }, { show: "closed" }],
  "incidents.get": [{}, { incidentId: ids.absorbed }, { incidentId: ids.gone }],
  "incidents.timeline": [{}, { incidentId: ids.gone }],
  "guided.run": [{ runId: ids.guided }],
  "playbooks.fleet": [{ approvalId: ids.wide }],
  "redrive.run": [{ runId: ids.redrive }],
  "redrive.groups": [{ runId: ids.redrive }],
  "redrive.entries": [{ runId: ids.redrive }],
  "services.order": [{ orderId: ids.order }],
  "outbox.rows": [{ state: "waiting" }],
  "streams.acts": [{ stream: "s" }],
  "postMortems.get": [{}, { incidentId: ids.gone }],
  "vault.list": [{}, { incidentId: null }],
};

const contextOf = ({ actor, signInId }: Person): TRPCContext => ({
  actor,
  signInId,
  requestId: "r",
  request: null,
  console: parts.console as Console,
});
const queries = Object.entries(appRouter._def.procedures as Record<string, unknown>).flatMap(([path, found]) =>
  (found as { _def: { type: string } })._def.type === "query" ? [path] : [],
);

/** What a call sends back, refusals too, as text. @throws when the input was not understood: then nothing was tried */
async function heard(person: Person, path: string, more: object): Promise<string> {
  const [group = "", name = ""] = path.split(".");
  const caller = t.createCallerFactory(appRouter)(contextOf(person)) as unknown as Record<
    string,
    Record<string, (input: object) => Promise<unknown>>
  >;
  try {
    return JSON.stringify((await caller[group]?.[name]?.({ ...plausible, ...more })) ?? null);
  } catch (error) {
    const { code, message, cause } = error as { code?: string; message: string; cause?: unknown };
    if (message.startsWith("The request was not understood"))
      throw new Error(`${path}: ${message} Add it to what is plausible here.`);
    return JSON.stringify({ code, message, facts: (cause as { facts?: unknown } | undefined)?.facts });
  }
}

test("every table that belongs to an incident holds the marker", async () => {
  const tables = await parts.console.db.query<{ name: string; col: string }>(
    `SELECT c.relname AS name, a.attname AS col FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] WHERE k.contype = 'f' AND k.confrelid = 'incidents'::regclass ORDER BY 1`,
  );
  const bare: string[] = [];
  for (const { name, col } of tables) {
    if (withoutText.has(name)) continue;
    const rows = await parts.console.db.query(
      `SELECT 1 FROM "${name}" r WHERE r."${col}" = $1 AND to_jsonb(r)::text LIKE '%' || $2 || '%'`,
      [ids.incident, marker],
    );
    if (rows.length === 0 && name !== "incident_roles" && name !== "incident_members") bare.push(name);
  }
  expect(bare).toEqual([]); // a new one is seeded above, or stands in withoutText with why
});

test("the canary sings: to somebody who may see the incident the marker comes from these queries", async () => {
  const sang: string[] = [];
  for (const path of queries)
    for (const more of own[path] ?? [{}])
      if ((await heard(parts.insider, path, more)).includes(marker)) {
        sang.push(path);
        break;
      }
  expect(sang).toEqual(
    expect.arrayContaining([
      ...[
        "approvals.get",
        "approvals.list",
        "brakes.freeze",
        "brakes.freezes",
        "guided.run",
        "guided.runs",
        "incidents.get",
      ],
      ...["incidents.list", "incidents.timeline", "keys.job", "keys.jobs", "notifications.deliveries", "playbooks.log"],
      ...[
        "playbooks.run",
        "playbooks.runs",
        "services.order",
        "postMortems.get",
        "postMortems.list",
        "vault.get",
        "vault.list",
        "watches.list",
      ],
    ]),
  );
});

test.each(queries)("%s tells nobody from outside", async (path) => {
  for (const more of own[path] ?? [{}]) expect(await heard(parts.outsider, path, more)).not.toContain(marker);
});

test("the live feed tells nobody from outside, whichever run they name", async () => {
  const caller = t.createCallerFactory(appRouter)(contextOf(parts.outsider));
  const feed = await caller.system.live({ runs: [ids.run ?? ""], lastEventId: null });
  const seen: string[] = [];
  for await (const event of feed) {
    seen.push(JSON.stringify(event));
    if (seen.length >= 2) break;
  }
  expect(seen.join()).not.toContain(marker);
  expect(seen.length).toBe(2);
});

test("no export and no download tells anybody from outside", async () => {
  const place = (query = "") =>
    new Request(`http://console/x?${query}`, { headers: { "sec-fetch-site": "same-origin" } });
  const as = (person: Person) => async () => contextOf(person);
  const answers = async (person: Person): Promise<string[]> => {
    const made = await Promise.all([
      ...["json", "markdown", "html", "bundle"].flatMap((format) =>
        ["full", "shared"].map((profile) =>
          answerExport(place(`format=${format}&profile=${profile}`), ids.incident ?? "", as(person)),
        ),
      ),
      answerExport(place("format=json&profile=full"), ids.gone ?? "", as(person)),
      answerWindowExport(
        place(`since=${plausible.since}&until=${plausible.until}&incidentId=${ids.incident}`),
        as(person),
      ),
      answerArchiveExport(place(), ids.redrive ?? "", as(person)),
      answerDownload(place(`file=${ids.file}`), ids.incident ?? "", as(person)),
      answerEvidence(place("file=manifest.json"), ids.item ?? "", as(person)),
    ]);
    return Promise.all(made.map((answer) => answer.text()));
  };
  expect((await answers(parts.outsider)).join("\n")).not.toContain(marker);
  expect((await answers(parts.insider)).join("\n")).toContain(marker);
});
