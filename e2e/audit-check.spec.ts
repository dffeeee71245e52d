import { expect, test } from "@/e2e/fixtures/stand";

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
    await expect(
      table.getByRole("row", { name: new RegExp(`${removed?.chain_seq} row removed .*the signed copy in the stream`) }),
    ).toBeVisible();
  } finally {
    await stand.caracal.query("UPDATE audit_events SET decision = $2 WHERE id = $1", [changed?.id, changed?.decision]);
    await stand.caracal.query(
      "INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, $1::jsonb)).*",
      [JSON.stringify(kept.rows[0]?.row)],
    );
  }
  await check();
  await expect(page.getByText(/^Whole: /)).toBeVisible();
});
