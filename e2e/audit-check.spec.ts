import { endInvestigations } from "@/e2e/fixtures/record";
import { expect, test } from "@/e2e/fixtures/stand";

test.afterEach(({ stand }) => endInvestigations(stand));

test("a changed decision and a removed row are found, each named; put back, the chain is whole", async ({
  stand,
  signedIn,
}) => {
  const page = await signedIn("security");
  const [zone] = stand.deployment.seeded.zones;
  const { rows } = await stand.caracal.query<{ id: string; decision: string; chain_seq: string }>(
    "SELECT id, decision, chain_seq FROM audit_events WHERE zone_id = $1 ORDER BY chain_seq",
    [zone?.id],
  );
  const [changed, removed] = [rows.at(-6), rows.at(-3)]; // new enough to be in the stream still
  const check = async () => {
    await page.goto("/audit");
    await page.getByRole("link", { name: "Check the chain" }).click();
    await page.getByRole("button", { name: "Check every zone" }).click();
    await expect(page).toHaveURL(/\/audit\/checks\/[0-9a-f-]{36}/);
    await expect(page.getByText("finished", { exact: true })).toBeVisible({ timeout: 60_000 });
  };
  await check();
  await expect(page.getByText(/^Whole: /)).toBeVisible();
  await expect(page.getByText("Nothing was found.")).toBeVisible();

  await stand.caracal.query("UPDATE audit_events SET decision = 'partial' WHERE id = $1", [changed?.id]);
  const kept = await stand.caracal.query(
    "DELETE FROM audit_events WHERE id = $1 RETURNING to_jsonb(audit_events) AS row",
    [removed?.id],
  );
  try {
    await check();
    await expect(page.getByText(/^Not whole: 1 row tampered with, 1 removed/)).toBeVisible();
    const table = page.getByRole("region", { name: "Findings" });
    await expect(
      table.getByRole("row", { name: new RegExp(`${changed?.chain_seq} columns changed decision`) }),
    ).toBeVisible();
    const zones = page.getByRole("region", { name: "Zone by zone" });
    await expect(
      zones.getByRole("row", {
        name: new RegExp(`seq ${changed?.chain_seq}: columns changed .*write access to the database`),
      }),
    ).toBeVisible();
    await expect(
      table.getByRole("row", { name: new RegExp(`${removed?.chain_seq} row removed .*the signed copy in the stream`) }),
    ).toBeVisible();
    // The row beside its signed copy, column by column.
    await table.getByRole("button", { name: `Open event ${changed?.id}: stored against signed` }).click();
    await expect(page).toHaveURL(/\/audit\?.*event=/);
    await expect(
      page
        .getByRole("table", { name: "Stored now against what was signed" })
        .getByRole("row", { name: `decision partial ${changed?.decision}` }),
    ).toBeVisible();
    // What was in the row that is gone.
    await page.goBack();
    await table.getByRole("link", { name: `What was signed of event ${removed?.id}, whose row is gone` }).click();
    await expect(page.getByRole("heading", { name: "There is no such audit event" })).toBeVisible();
    const signed = page.getByRole("table", { name: /^Signed, as entry/ });
    await expect(signed.getByRole("row", { name: `decision ${removed?.decision}` })).toBeVisible();
    await expect(page.getByText(/The stream still holds its signed copy/)).toBeVisible();
    // Where the chain holds: the bar says it too, and its first bad row is one key away.
    await page.goto("/audit/checks");
    const bar = page.getByRole("slider").first();
    await expect(page.getByRole("link", { name: `First bad row: seq ${changed?.chain_seq}` })).toBeVisible();
    await expect(bar).toHaveAttribute("aria-valuetext", /tampered with \(1\).*|rows missing \(1\).*/);
    await bar.focus();
    await page.keyboard.press("+");
    await expect(page.getByRole("button", { name: "Show all" })).toBeVisible();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/audit\/checks\/[0-9a-f-]{36}\?finding=\d+/);
  } finally {
    await stand.caracal.query("UPDATE audit_events SET decision = $2 WHERE id = $1", [changed?.id, changed?.decision]);
    await stand.caracal.query(
      "INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, $1::jsonb)).*",
      [JSON.stringify(kept.rows[0]?.row)],
    );
  }
  await check();
  await expect(page.getByText(/^Whole: /)).toBeVisible();

  // Heads anchored on demand; a window of one zone looks at nothing else.
  await page.goto("/audit/checks");
  await page.getByRole("button", { name: "Anchor now" }).click();
  await expect(page.getByText(/Heads of \d+ chains anchored\.|Nothing has moved/)).toBeVisible();
  await expect(page.getByText(/^Number \d/)).toBeVisible();
});
