import type { Page } from "@playwright/test";
import { goOn, isNow, record, skip, step, tickAll } from "@/e2e/fixtures/guided";
import { approve, askForApproval, execute } from "@/e2e/fixtures/record";
import { exchangeAt } from "@/e2e/fixtures/exchange";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

async function begin(page: Page, service: string, reason: string): Promise<void> {
  await page.goto("/playbooks");
  await page.getByRole("link", { name: "Begin: A service is degraded or down" }).click();
  await page.getByRole("combobox", { name: "Service" }).selectOption(service);
  await page.getByLabel("Why it is started").fill(reason);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(/\/playbooks\/guided\/[0-9a-f-]{36}/);
}

async function restart(page: Page, stepId: string, replica: string): Promise<void> {
  await step(page, stepId)
    .getByRole("button", { name: `Restart ${replica}` })
    .click();
  await page.getByRole("dialog").getByRole("textbox").fill("It does not answer");
  await page.getByRole("dialog").getByRole("button", { name: "Restart it" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
}
const restarted = (page: Page, stepId: string, replica: string) =>
  expect(step(page, stepId).locator(`[data-replica='${replica}']`)).toContainText(`${replica} restarted:`, {
    timeout: 60_000,
  });

/** Goes straight to the restart. */
async function knownAlready(page: Page): Promise<void> {
  for (const id of ["detect", "impact", "logs", "dependencies"]) {
    await isNow(page, id);
    await skip(page, id, "Known already");
  }
}

/** Has an exchange at an STS, with Redis away: its audit event goes to the spool. */
async function spool(stand: Stand, replica: string): Promise<void> {
  const { url } = stand.deployment.service(replica);
  await stand.drill("redis-down");
  await expect.poll(async () => (await fetch(`${url}/ready`)).status, { timeout: 20_000 }).toBe(503);
  await exchangeAt(stand, replica);
  await expect
    .poll(
      async () =>
        ((await (await fetch(`${url}/metrics`)).json()) as { sts: { audit_replay_pending: number } }).sts
          .audit_replay_pending,
    )
    .toBeGreaterThan(0);
  await stand.drill("redis-up");
  await expect.poll(async () => (await fetch(`${url}/ready`)).status, { timeout: 20_000 }).toBe(200);
}

test("STS killed with evidence in its spool: restarted from the page, heard, spool proved, window on the record", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(240_000);
  const page = await signedIn("responder");
  try {
    await spool(stand, "sts-1");
    await begin(page, "sts", "Exchanges fail");
    await stand.drill("kill-sts-1");
    await expect(step(page, "detect")).toContainText("sts-1: connection refused", { timeout: 20_000 });
    await goOn(page, "detect");
    await expect(page.getByRole("heading", { name: "What keeps working without it, and until when" })).toBeVisible();
    await expect(step(page, "impact")).toContainText("The newest per-call mandate runs out:");
    await goOn(page, "impact");

    await step(page, "logs").getByRole("button", { name: "Read the log of sts-1" }).click();
    await expect(step(page, "logs").getByText(/The newest \d+ lines, redacted|It said nothing/)).toBeVisible();
    await record(page, "logs", "Killed from outside: the log ends without a word");
    await goOn(page, "dependencies");

    await expect(step(page, "restart").getByRole("button", { name: "Go on" })).toBeDisabled();
    await expect(step(page, "restart").getByRole("link", { name: /restart sts/ })).toBeVisible(); // sts-2 is the last that is ready
    await restart(page, "restart", "sts-1");
    await restarted(page, "restart", "sts-1");
    await goOn(page, "restart");
    await goOn(page, "serve");

    await expect(step(page, "consumers")).toContainText("were not asked in this run yet");
    await step(page, "consumers").getByRole("button", { name: "Hear every sts" }).click();
    await expect(step(page, "consumers")).toContainText("took a message each", { timeout: 30_000 });
    await goOn(page, "consumers");

    await expect(step(page, "spool")).toContainText(/All \d+ that waited were replayed/, { timeout: 20_000 });
    await goOn(page, "spool");
    await goOn(page, "dropped");
    await expect(step(page, "window")).toContainText(/sts-1 down from .* ready again/, { timeout: 20_000 });
    await goOn(page, "window");
    await expect(step(page, "compliance")).toContainText("nobody needs to be told");
    await goOn(page, "compliance");
    await page.getByRole("button", { name: "Finish the run" }).click();
    await expect(page.getByText("done", { exact: true })).toBeVisible();

    await page.getByRole("link", { name: /^INC-/ }).first().click();
    await expect(page.getByText(/sts-1 down from .* ready again .*connection refused/).first()).toBeVisible();
  } finally {
    await stand.drill("restore");
  }
});

test("Redis restarted under an STS: one is deaf, the page hears it and restarts it; lost spools ask for compliance", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(240_000);
  const page = await signedIn("responder");
  try {
    await spool(stand, "sts-1");
    await begin(page, "sts", "Revocations are late");
    await stand.drill("recreate-sts"); // an image change in between: the spool is gone
    await stand.drill("redis-restart");
    await stand.drill("deaf-sts-2");
    await knownAlready(page);
    await goOn(page, "restart");
    await goOn(page, "serve");
    await step(page, "consumers").getByRole("button", { name: "Hear every sts" }).click();
    await expect(step(page, "consumers")).toContainText("1 of 2 sts replicas took one of 40 messages", {
      timeout: 60_000,
    });
    await expect(step(page, "consumers").getByRole("button", { name: "Go on" })).toBeDisabled();
    await restart(page, "consumers", "sts-2");
    await restarted(page, "consumers", "sts-2");
    await step(page, "consumers").getByRole("button", { name: "Hear every sts" }).click();
    await goOn(page, "consumers");

    await expect(step(page, "spool")).toContainText("the rest may be lost");
    await skip(page, "spool", "Recreated in between: what waited is lost");
    await goOn(page, "dropped");
    await goOn(page, "window");
    await expect(step(page, "compliance")).toContainText("Compliance has to be told");
    await tickAll(page, "compliance");
    await goOn(page, "compliance");
  } finally {
    await stand.drill("restore");
  }
});

test("every replica of a service goes only when two people agree", async ({ stand, signedIn }) => {
  test.setTimeout(180_000);
  const page = await signedIn("responder");
  try {
    await begin(page, "audit", "Its consumer hangs");
    await knownAlready(page);
    await step(page, "restart").getByRole("link", { name: "Ask a second person to restart audit" }).click();
    await expect(page.getByRole("combobox", { name: "Service" })).toHaveValue("audit");
    await expect(
      page.getByText(/audit-1 is restarted, one target after another; 1 of 1 is ready now/).first(),
    ).toBeVisible();
    await askForApproval(page, "Nothing is ingested");
    const approver = await signedIn("approver");
    await approver.goto(page.url());
    await approve(approver);
    await execute(page);
    await page.getByRole("link", { name: "Open the restart it started" }).click();
    await expect(page.getByRole("list", { name: "Restarts in their order" })).toContainText(
      /audit-1 restarted: .*, ready at/,
      { timeout: 60_000 },
    );
    await expect
      .poll(
        async () =>
          (
            await stand.record.query(
              "SELECT state FROM service_restarts WHERE 'audit-1' = ANY (replicas) ORDER BY requested_at DESC LIMIT 1",
            )
          ).rows[0]?.state,
        { timeout: 60_000 },
      )
      .toBe("proved");
  } finally {
    await stand.drill("restore");
  }
});
