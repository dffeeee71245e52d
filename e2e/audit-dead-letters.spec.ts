import type { Page } from "@playwright/test";
import { goOn, isNow, record, step, tickAll } from "@/e2e/fixtures/guided";
import { exchangeAt } from "@/e2e/fixtures/exchange";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";
import { toEntries } from "@/sandbox/services/shared/streams";

const letters = "caracal.audit.events.dlq";

const honest = async (stand: Stand) =>
  toEntries(await stand.redis.xrange(letters, "-", "+")).filter(({ fields }) =>
    fields.reason?.startsWith("transient_exceeded"),
  );

test("Postgres refuses writes while audit is poisoned: told apart, mended, given back, the gap on the record", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(300_000);
  const page = await signedIn("security");
  try {
    await stand.drill("pause-audit");
    await stand.drill("poison-dlq");
    await exchangeAt(stand, "sts-1");
    await page.goto("/playbooks");
    await page.getByRole("link", { name: "Begin: Audit dead letters growing" }).click();
    await page.getByLabel("Why it is started").fill("The dead letters grow");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page).toHaveURL(/\/playbooks\/guided\/[0-9a-f-]{36}/);
    await expect(step(page, "detect")).toContainText(/audit-1: no answer within 2 s.*Ingestion has \d+ unread/, {
      timeout: 20_000,
    });

    await stand.drill("resume-audit");
    await stand.drill("postgres-read-only");
    await exchangeAt(stand, "sts-1");
    await exchangeAt(stand, "sts-1");
    await expect.poll(async () => (await honest(stand)).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    await goOn(page, "detect");
    await step(page, "logs").getByRole("button", { name: "Read the log of audit-1" }).click();
    await expect(step(page, "logs").getByText(/The newest \d+ lines, redacted|It said nothing/)).toBeVisible();
    await record(page, "logs", "Postgres refuses inserts: read-only transaction");

    await expect(step(page, "causes")).toContainText(/honest events that Postgres could not take in time/);
    await expect(step(page, "causes")).toContainText(/25 events with a wrong signature/);
    await goOn(page, "causes");
    await expect(step(page, "capacity")).toContainText("Writes are switched off by ALTER DATABASE");
    await goOn(page, "capacity");
    await expect(step(page, "fix")).toContainText("Writes are switched off");
    await expect(step(page, "fix").getByRole("button", { name: "Go on" })).toBeDisabled();

    await stand.drill("postgres-writable");
    await expect(step(page, "fix")).toContainText(/Audit is ready, everything published was settled/, {
      timeout: 90_000,
    });
    await goOn(page, "fix");

    await isNow(page, "redrive");
    await expect(step(page, "redrive")).toContainText("honest events are not recorded yet");
    await expect(step(page, "redrive").getByRole("button", { name: "Go on" })).toBeDisabled();
    await redrive(page);
    await expect(step(page, "redrive")).toContainText(/All \d+ honest events are recorded/, { timeout: 90_000 });
    await goOn(page, "redrive");
    await goOn(page, "zero");
    await expect(step(page, "compliance")).toContainText("26 letters are not recorded");
    await tickAll(page, "compliance");
    await goOn(page, "compliance");
    await expect(step(page, "gap")).toContainText(/letters of events from .* not recorded/);
    await goOn(page, "gap");
    await page.getByRole("button", { name: "Finish the run" }).click();
    await expect(page.getByText("done", { exact: true })).toBeVisible();
  } finally {
    await stand.drill("restore");
    await stand.redis.xtrim(letters, "MAXLEN", 0);
  }
});

/** Redrives the honest ones from the page that the step leads to, and comes back. */
async function redrive(page: Page): Promise<void> {
  const run = page.url();
  await step(page, "redrive").getByRole("link", { name: "Open the dead letters" }).click();
  await page.getByRole("button", { name: "List and classify" }).click();
  await expect(page).toHaveURL(/\/streams\/redrives\/[0-9a-f-]{36}/);
  await page.getByRole("button", { name: "Start the redrive" }).click({ timeout: 60_000 });
  await page.getByRole("dialog").getByRole("textbox").fill("Postgres takes rows again");
  await page.getByRole("dialog").getByRole("button", { name: "Yes, start it" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.goto(run);
}
