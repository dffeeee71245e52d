import type { Page } from "@playwright/test";
import { goOn, isNow, record, skip, step, tickAll } from "@/e2e/fixtures/guided";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

async function begin(page: Page, stand: Stand, reason: string): Promise<string> {
  await page.goto("/playbooks");
  await page.getByRole("link", { name: "Begin: Audit chain tampered with" }).click();
  await page.getByRole("combobox", { name: "Zone" }).selectOption(stand.deployment.seeded.zones[0]?.id ?? "");
  await page.getByLabel("Why it is started").fill(reason);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(/\/playbooks\/guided\/[0-9a-f-]{36}/);
  return page.url();
}

async function check(page: Page, run: string, id: string): Promise<void> {
  await step(page, id).getByRole("link", { name: "Open the checks" }).click();
  await page.getByRole("button", { name: "Check every zone" }).click();
  await expect(page).toHaveURL(/\/audit\/checks\/[0-9a-f-]{36}/);
  await expect(page.getByText("finished", { exact: true })).toBeVisible({ timeout: 60_000 });
  await page.goto(run);
  await isNow(page, id);
}

test("a row changed: what is proved, evidence, verdict, sign-off; a second act of the attacker is noticed", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(180_000);
  const page = await signedIn("security");
  await stand.drill("tamper-edit");
  try {
    const run = await begin(page, stand, "Compliance sees a decision that nobody made");
    await expect(step(page, "detect")).toContainText("No check of this zone's chain that was ordered in this run");
    await expect(page.getByText("What an attacker can still do")).toHaveCount(0); // no key was stolen: nothing is told of
    await check(page, run, "detect");
    await expect(step(page, "detect")).toContainText("1 row changed");
    await goOn(page, "detect");
    await expect(step(page, "classify")).toContainText("1 row changed");
    await goOn(page, "classify"); // declared as the P2 that is proved
    await tickAll(page, "preserve");
    await record(page, "preserve", "In the locked bucket, under the digest", "c".repeat(64));
    await record(page, "scope", "One row, nobody else connected");
    await skip(page, "archive", "The archive is compared tomorrow");
    await record(page, "verdict", "Tampered: the signed copy has another resource. It took the database alone. Sure");
    await tickAll(page, "escalate");
    await goOn(page, "escalate");

    await stand.drill("tamper-delete");
    await check(page, run, "hold");
    await expect(step(page, "hold")).toContainText("Somebody is at it still, or put it right");
    await expect(step(page, "hold").getByRole("button", { name: "Go on" })).toBeDisabled();
    await page.goto("/");
    await expect(page.getByText(/is not whole: 1 row removed, 1 row changed/).first()).toBeVisible();
    await page.getByRole("link", { name: "Tamper playbook" }).click();
    await expect(page.getByRole("combobox", { name: "Zone" })).toHaveValue(stand.deployment.seeded.zones[0]?.id ?? "");
  } finally {
    await stand.drill("undo-tampering");
  }
});

// Retention comes last: its check finds every zone whole, so no signal of these is left for the specs that follow.
for (const [drill, said, classified] of [
  ["tamper-delete", "1 row removed", "Raise it."],
  ["tamper-swap", "2 rows rewritten or moved", "Raise it."],
  ["tamper-cut-tail", "3 rows removed", "Raise it."],
  ["tamper-reseal", "1 row rewritten or moved", "Raise it."],
  ["tamper-fork", "1 row rewritten or moved", "Raise it."],
  ["audit-retention", "Nothing was found", "Nothing is proved that would ask for a severity."],
] as const)
  test(`${drill}: the playbook says what is proved and asks for its severity`, async ({ stand, signedIn }) => {
    test.setTimeout(90_000);
    const page = await signedIn("security");
    await stand.drill(drill);
    try {
      const run = await begin(page, stand, "A drill of the audit chain");
      await check(page, run, "detect");
      await expect(step(page, "detect")).toContainText(said);
      await goOn(page, "detect");
      await isNow(page, "classify");
      await expect(step(page, "classify")).toContainText(classified);
    } finally {
      await stand.drill("undo-tampering");
    }
  });
