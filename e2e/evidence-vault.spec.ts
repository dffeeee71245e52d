import { createHash } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@/e2e/fixtures/stand";

test("evidence is preserved, whole, downloaded with the same digest; one flipped bit is a mismatch and a P1 until it is back", async ({
  stand,
  signedIn,
}) => {
  const page = await signedIn("security");
  const zone = stand.deployment.seeded.zones[0];
  await page.goto("/audit");
  await page.getByRole("link", { name: "Preserve evidence" }).click();
  await expect(page).toHaveURL(/\/evidence\/preserve/);
  await page.getByRole("combobox", { name: "Zone" }).selectOption(zone?.id ?? "");
  await expect(page.getByText(/^About [\d,]+ rows, .* entries of the streams/)).toBeVisible();
  await expect(page.getByText(stand.deployment.vaultFolder)).toBeVisible();
  const go = page.getByRole("button", { name: "Preserve", exact: true });
  await expect(go).toBeDisabled(); // nobody said why
  await page.getByLabel("Why", { exact: true }).fill("Rows of this zone are in doubt");
  await go.click();
  await expect(page).toHaveURL(/\/evidence\/items\/[0-9a-f-]{36}/);
  const itemId = page.url().split("/").at(-1) ?? "";
  await expect(page.getByRole("heading", { level: 1 })).toContainText("whole", { timeout: 60_000 });
  await expect(page.getByRole("status").filter({ hasText: "compressed" })).toBeVisible();
  await expect(page.getByText("POSTGRES_LOG_FOLDER is not set")).toBeVisible();

  const name = "audit_events.csv.gz";
  const row = page.getByRole("region", { name: "Files" }).getByRole("row", { name: new RegExp(`^${name}`) });
  const downloading = page.waitForEvent("download");
  await row.getByRole("link", { name }).click();
  const download = await downloading;
  const sha256 = createHash("sha256")
    .update(await readFile(await download.path()))
    .digest("hex");
  await expect(row.getByTitle(sha256)).toBeVisible();
  await page.reload();
  const custody = page.getByRole("list", { name: "Custody log" });
  await expect(custody.getByText(`${name}: SHA-256 ${sha256}`)).toBeVisible();
  await expect(custody.getByText("Opened its page")).toBeVisible();

  const path = join(stand.deployment.vaultFolder, itemId, name);
  const flip = async () => {
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
  };
  await flip();
  try {
    await page.getByRole("button", { name: "Verify again" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("mismatch", { timeout: 30_000 });
    await expect(row).toContainText("NOT what was preserved");
    const refused = await page.request.get(`/api/evidence/${itemId}?file=${name}`);
    expect(refused.status()).toBe(409);
    await page.goto("/");
    const signal = page.getByText(/Preserved evidence of .* is not what was preserved: 1 file changed/);
    await expect(signal.first()).toBeVisible({ timeout: 30_000 });
    await page.goto("/evidence");
    await expect(page.getByRole("list", { name: "Preserved evidence" }).getByText("mismatch")).toBeVisible();
  } finally {
    await flip();
  }
  await page.goto(`/evidence/items/${itemId}`);
  await page.getByRole("button", { name: "Verify again" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("whole", { timeout: 30_000 });

  await page.getByRole("button", { name: "Hand over to" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name, and of which office").fill("Sol, outside counsel");
  await dialog.getByLabel("How, and with which digest").fill("On an encrypted disk");
  await dialog.getByRole("button", { name: "Record it" }).click();
  await expect(custody.getByText("To Sol, outside counsel. On an encrypted disk")).toBeVisible();
});
