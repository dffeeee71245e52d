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
});
