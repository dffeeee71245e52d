import { readFile, writeFile } from "node:fs/promises";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { endInvestigations } from "@/e2e/fixtures/record";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

const oneHour = async (stand: Stand): Promise<string> => {
  const names = await readdir(join(stand.deployment.archiveFolder, "audit"), { recursive: true });
  return join(
    stand.deployment.archiveFolder,
    "audit",
    names.filter((name) => name.endsWith(".parquet")).sort()[3] ?? "",
  );
};

async function compare(page: Page): Promise<void> {
  await page.goto("/audit");
  await page.getByRole("link", { name: "Compare with the archive" }).click();
  await page.getByRole("button", { name: "Compare every zone" }).click();
  await expect(page).toHaveURL(/\/audit\/archive\/[0-9a-f-]{36}/);
  await expect(page.getByText("finished", { exact: true })).toBeVisible({ timeout: 90_000 });
}

test.afterEach(({ stand }) => endInvestigations(stand));

test("a turned decision and a removed row contradict the archive, each named with both sides; taken back, everything agrees", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(240_000);
  const page = await signedIn("security");
  await expect
    .poll(async () => (await stand.caracal.query("SELECT FROM audit_export_watermark")).rowCount, { timeout: 60_000 })
    .toBe(1);
  await compare(page);
  await expect(page.getByText(/^Everything agrees: /)).toBeVisible();
  await expect(page.getByText("Nothing differs.")).toBeVisible();

  await stand.drill("tamper-exported-edit");
  await stand.drill("tamper-exported-delete");
  try {
    await compare(page);
    await expect(page.getByText(/^Does not agree: 1 missing in the database, 1 differ; /)).toBeVisible();
    const table = page.getByRole("region", { name: "Differences" });
    await expect(
      table.getByRole("row", {
        name: /columns differ decision decision (allow|deny) decision (allow|deny) the database/,
      }),
    ).toBeVisible();
    await expect(table.getByRole("row", { name: /missing in the database .* not there the database/ })).toBeVisible();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export as CSV" }).click(),
    ]);
    const csv = await readFile((await download.path()) ?? "", "utf8");
    expect(csv.split("\r\n").length).toBe(4); // the header, two rows, the end
    expect(csv).toContain("missing_in_database");
    await page.goto("/audit/checks");
    await expect(
      page.getByRole("link", {
        name: /The archive contradicts the audit log of zone .*: 1 row removed, 1 row changed/,
      }),
    ).toBeVisible();
  } finally {
    await stand.drill("undo-tampering");
  }
  await compare(page);
  await expect(page.getByText(/^Everything agrees: /)).toBeVisible();
  await page.goto("/audit/checks");
  await expect(page.getByText("Checks, newest first")).toBeVisible();
  await expect(page.getByText("What the archive contradicts")).toHaveCount(0);
});

test("an export that was cut off is named with why, and its rows are not called missing", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(180_000);
  const page = await signedIn("compliance");
  const path = await oneHour(stand);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, whole.length - 20));
  try {
    await compare(page);
    await expect(page.getByText(/^Nothing differs: .* 1 file or hour could not be used\.$/)).toBeVisible();
    const table = page.getByRole("region", { name: "Files and hours that could not be used" });
    await expect(table.getByRole("row", { name: /cut off or no Parquet Its footer cannot be read/ })).toBeVisible();
  } finally {
    await writeFile(path, whole);
  }
});

test("a viewer reads what was compared and is told who can order it", async ({ signedIn }) => {
  const page = await signedIn("viewer");
  await page.goto("/audit/archive");
  await expect(page.getByText("A responder, security or compliance can order a comparison.")).toBeVisible();
  await expect(page.getByRole("button", { name: /Compare/ })).toHaveCount(0);
});
