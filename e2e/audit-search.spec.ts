import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { parse } from "csv-parse/sync";
import { declareIncident } from "@/e2e/fixtures/record";
import { expect, test, type Stand } from "@/e2e/fixtures/stand";

const minute = 60_000;

/** Puts events into a zone as an owner of the table could, one a second, the newest `ago` ms before now. */
async function putEvents(
  stand: Stand,
  zoneId: string,
  count: number,
  { type = "token_exchange", ago = 0, metadata = '{"resource": "resource://ledger"}' } = {},
): Promise<void> {
  await stand.caracal.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
     SELECT gen_random_uuid()::text, $1, $2, 'request-' || n, CASE WHEN n % 2 = 0 THEN 'deny' ELSE 'allow' END, 'complete', $5::jsonb,
            $3::timestamptz - n * interval '1 second' FROM generate_series(1, $4) AS n`,
    [zoneId, type, new Date(Date.now() - ago), count, metadata],
  );
}

test.describe("the audit explorer", () => {
  test("filters, pages both ways by stable addresses, and says how much it looked at", async ({ stand, signedIn }) => {
    const zone = "a-zone-of-nobody";
    await putEvents(stand, zone, 120, { ago: minute });
    const page = await signedIn("viewer");
    await page.goto("/audit?window=24h");
    const filters = page.getByRole("search");
    await filters.getByLabel("Zone").selectOption({ label: `${zone} (not known to Caracal)` });
    const list = page.getByRole("region", { name: "Audit events" });
    const pages = page.getByRole("navigation", { name: "Pages of events" });
    await expect(pages).toContainText("50 events on this page");
    await expect(page.getByText(/^about [\d,]+ events, by Postgres's statistics/)).toBeVisible();
    await expect(page.getByRole("toolbar", { name: "Events by time" }).getByRole("button")).toHaveCount(48);

    const settled = () => expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await settled();
    const read = async () =>
      list
        .getByRole("button", { name: /^Open / })
        .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    const first = await read();
    await pages.getByRole("button", { name: "Older" }).click();
    await expect(page).toHaveURL(/page=.*&?/);
    await expect.poll(read).not.toEqual(first);
    const second = await read();
    await pages.getByRole("button", { name: "Older" }).click();
    await expect(pages).toContainText("20 events on this page");
    const third = await read();
    expect(new Set([...first, ...second, ...third]).size).toBe(120);
    await expect(pages.getByRole("button", { name: "Older" })).toBeDisabled();

    await putEvents(stand, zone, 3); // newer ones move nothing
    await page.reload();
    await expect(pages).toContainText("20 events on this page");
    expect(await read()).toEqual(third);
    await pages.getByRole("button", { name: "Newer" }).click();
    await expect.poll(read).toEqual(second);
    await pages.getByRole("button", { name: "Newer" }).click();
    await expect.poll(read).toEqual(first);

    await filters.getByLabel("Decision").selectOption("deny");
    await expect(pages).toContainText("50 events on this page");
    for (const row of await list.getByRole("row").all()) await expect(row).not.toContainText("allow");
    await filters.getByLabel("Zone").selectOption({ label: "All zones" });
    await expect(page.getByRole("alert").first()).toContainText("Pick a zone");
  });

  test("follows new events, stands still under the pointer, and is driven by keys", async ({ stand, signedIn }) => {
    const zone = "a-zone-that-is-followed";
    await putEvents(stand, zone, 3, { ago: minute });
    const page = await signedIn("viewer");
    await page.goto(`/audit?zone=${zone}`);
    await page.getByRole("button", { name: "Follow", exact: true }).click();
    const rows = page.getByRole("region", { name: "Audit events" }).getByRole("button", { name: /^Open / });
    await expect(rows).toHaveCount(3);
    await putEvents(stand, zone, 1, { type: "replay_detected" });
    await expect(rows).toHaveCount(4);
    await expect(rows.first()).toHaveAccessibleName(/^Open replay_detected/);

    await page.getByRole("region", { name: "Audit events" }).hover();
    await putEvents(stand, zone, 2, { type: "jti_collision" });
    await expect(page.getByText("2 newer events wait")).toBeVisible();
    await expect(rows).toHaveCount(4);
    await page.mouse.move(0, 0);
    await expect(rows).toHaveCount(6);

    await page.getByRole("button", { name: "Stop following" }).click();
    await expect(page.getByRole("navigation", { name: "Pages of events" })).toContainText("6 events on this page");
    await page.keyboard.press("j");
    await expect(rows.first()).toBeFocused();
    await page.keyboard.press("j");
    await expect(rows.nth(1)).toBeFocused();
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Event", exact: true })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { name: "Event", exact: true })).toBeHidden();
    await page.keyboard.press("/");
    await expect(page.getByLabel("Text in metadata")).toBeFocused();
  });

  test("one event: its verdict, its neighbours, its likely sessions and back from a session, at an address of its own", async ({
    stand,
    signedIn,
  }) => {
    const { rows } = await stand.caracal.query<{ id: string; chain_seq: string; session: string; subject: string }>(
      `SELECT e.id, e.chain_seq, s.id AS session, s.subject_id AS subject FROM audit_events e JOIN sessions s ON s.zone_id = e.zone_id
          AND s.created_at BETWEEN e.occurred_at - interval '20 milliseconds' AND e.occurred_at + interval '20 milliseconds'
        WHERE e.decision = 'allow' AND e.chain_seq > 5 ORDER BY e.ingested_at DESC LIMIT 1`,
    );
    const [event] = rows;
    const page = await signedIn("viewer");
    await page.goto(`/audit/events/${event?.id}`); // alerts name events without their time
    const verdict = page
      .getByRole("region", { name: "Verdict" })
      .or(page.locator("section", { hasText: "Verdict" }).last());
    await expect(page.getByText("Proved.", { exact: true })).toBeVisible();
    await expect(verdict).toContainText("signed copy found");
    await expect(verdict).toContainText("holds");
    await expect(page.getByRole("link", { name: new RegExp(`^seq ${Number(event?.chain_seq) - 1}:`) })).toBeVisible();

    await page
      .getByRole("region", { name: "Likely sessions" })
      .getByRole("link", { name: event?.subject ?? "" })
      .first()
      .click();
    await expect(page).toHaveURL(/\/sessions\//);
    await page.goto(`/sessions/${event?.session}`);
    await expect(page.getByRole("heading", { name: "Likely audit events" })).toBeVisible();
    await expect(page.locator(`a[href^="/audit/events/${event?.id}"]`)).toBeVisible();

    await stand.caracal.query("UPDATE audit_events SET decision = 'partial' WHERE id = $1", [event?.id]);
    try {
      await page.goto(`/audit/events/${event?.id}`);
      await expect(page.getByText("Tampered with.", { exact: true })).toBeVisible();
      await expect(page.getByRole("row", { name: "decision partial allow" })).toBeVisible();
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 });
        expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
        ).toBeLessThanOrEqual(0);
      }
    } finally {
      await stand.caracal.query("UPDATE audit_events SET decision = 'allow' WHERE id = $1", [event?.id]);
    }
  });

  test("what is hidden is shown for a reason that is on the timeline first; exports hide it too", async ({
    stand,
    signedIn,
  }) => {
    const zone = "a-zone-with-secrets";
    const secret = "hunter22-of-the-journey";
    await putEvents(stand, zone, 3, { metadata: `{"resource": "=cmd()", "client_secret": "${secret}"}`, ago: minute });
    const viewer = await signedIn("viewer");
    await viewer.goto(`/audit?zone=${zone}`);
    await viewer
      .getByRole("button", { name: /^Open token_exchange/ })
      .first()
      .click();
    await expect(viewer.getByText("metadata: client_secret")).toBeVisible();
    await expect(viewer.getByRole("button", { name: "Show what is hidden" })).toHaveCount(0);
    await expect(viewer.getByText("Exports are for")).toBeVisible();
    expect(await viewer.content()).not.toContain(secret);

    const page = await signedIn("security");
    const heard: string[] = [];
    page.on("response", (answer) => {
      if (answer.url().includes("/api/trpc/"))
        void answer.text().then(
          (text) => heard.push(text),
          () => undefined,
        );
    });
    const incident = await declareIncident(page, "A secret stands in audit events");
    await page.goto(`/audit?zone=${zone}`);
    await page
      .getByRole("button", { name: /^Open token_exchange/ })
      .first()
      .click();
    await expect(page.getByText("metadata: client_secret")).toBeVisible();
    expect(heard.join("")).not.toContain(secret);
    await page.getByRole("button", { name: "Show what is hidden" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Incident").selectOption({ value: incident });
    await dialog.getByRole("textbox").fill("To see whose secret it was");
    await dialog.getByRole("button", { name: "Record it and show" }).click();
    await expect(page.getByLabel("Metadata, as stored")).toContainText(secret);
    const revealed = await stand.record.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = 'evidence.revealed'",
      [incident],
    );
    expect(revealed.rows).toHaveLength(1);
    expect(revealed.rows[0]?.summary).toContain("To see whose secret it was");
    await page.keyboard.press("Escape");

    const exported = async () => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Export", exact: true }).click(),
      ]);
      return readFileSync(await download.path(), "utf8");
    };
    const csv = await exported();
    const rows: Record<string, string>[] = parse(csv, { columns: true });
    expect(rows).toHaveLength(3);
    expect(rows[0]?.zone_id).toBe(zone);
    expect(csv).not.toContain(secret);
    await expect(page.getByText(/^3 events are in audit-events-/)).toBeVisible();

    await page.getByLabel("Format").selectOption("jsonl");
    await page.getByLabel("Hide nothing, for a reason").check();
    await page.getByLabel("Why nothing may be hidden").fill("The court asked for the bytes");
    const lines = (await exported()).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { metadata_json: object }).metadata_json)).toEqual(
      Array.from({ length: 3 }, () => ({ resource: "=cmd()", client_secret: secret })),
    );
    const { rows: record } = await stand.record.query<{ kind: string; summary: string }>(
      "SELECT kind, summary FROM timeline_entries WHERE kind LIKE 'evidence.export%' ORDER BY at",
    );
    expect(record.map(({ kind }) => kind)).toEqual([
      "evidence.exported",
      "evidence.export-ended",
      "evidence.exported",
      "evidence.export-ended",
    ]);
    expect(record[2]?.summary).toContain("The court asked for the bytes");
  });
});
