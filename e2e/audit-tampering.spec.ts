import type { Page } from "@playwright/test";
import { goOn, isNow, record, skip, step, tickAll } from "@/e2e/fixtures/guided";
import { approve, callMutation, endInvestigations, execute } from "@/e2e/fixtures/record";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

test.afterEach(({ stand }) => endInvestigations(stand));

const firstZone = (stand: Stand) => stand.deployment.seeded.zones[0]?.id ?? "";

async function begin(page: Page, stand: Stand, reason: string, zone = firstZone(stand)): Promise<string> {
  await page.goto("/playbooks");
  await page.getByRole("link", { name: "Begin: Audit chain tampered with" }).click();
  await page.getByRole("combobox", { name: "Zone" }).selectOption(zone);
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

/** Signs the step that is open for a role, in the name of whoever the page belongs to. */
async function sign(page: Page, run: string, role: "security" | "compliance"): Promise<void> {
  await page.goto(run);
  await step(page, "sign-off")
    .getByRole("button", { name: `Sign for ${role}` })
    .click();
  await page
    .getByRole("dialog")
    .getByRole("textbox", { name: "What you looked at" })
    .fill("The findings and the verdict");
  await page.getByRole("dialog").getByRole("button", { name: "Sign in my name" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(step(page, "sign-off")).toContainText(`${role}: signed by`);
}

test("a row changed, to the close: what is proved, evidence, scope, verdict, a second act noticed, two people sign", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(240_000);
  const [page, sol, cleo] = await Promise.all([signedIn("responder"), signedIn("security"), signedIn("compliance")]);
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

    const scope = step(page, "scope");
    await expect(scope.getByRole("region", { name: "Affected rows" }).getByRole("row")).toHaveCount(2);
    await expect(scope.getByRole("region", { name: "Affected rows" })).toContainText("columns changed: metadata_json");
    await expect(scope.getByRole("region", { name: "Roles that can write to the audit log" })).toContainText(
      "superuser",
    );
    await expect(scope).toContainText("the console's role may not see address, start and state");
    await record(page, "scope", "One row, nobody else connected");
    await skip(page, "archive", "The archive is compared tomorrow");

    await expect(step(page, "verdict")).toContainText("1 row changed, removed or rewritten.");
    await expect(step(page, "verdict").getByRole("combobox", { name: "Verdict" })).toContainText("Tampered with");
    await step(page, "verdict").getByLabel("Why, and by which witnesses").fill("The signed copy has another resource");
    await step(page, "verdict").getByRole("button", { name: "Give this verdict" }).click();
    await isNow(page, "escalate");
    await tickAll(page, "escalate");
    await record(page, "escalate");

    await stand.drill("tamper-delete");
    await check(page, run, "hold");
    await expect(step(page, "hold")).toContainText("Somebody is at it still, or put it right");
    await expect(step(page, "hold").getByRole("button", { name: "Go on" })).toBeDisabled();
    await stand.drill("undo-tampering");
    await stand.drill("tamper-edit");
    await check(page, run, "hold");
    await goOn(page, "hold");

    await expect(step(page, "sign-off").getByRole("button", { name: /^Sign for/ })).toHaveCount(0); // who runs it does not sign
    await expect(step(page, "sign-off").getByRole("button", { name: "Record it and go on" })).toBeDisabled();
    await sign(sol, run, "security");
    await sign(cleo, run, "compliance");
    await record(page, "sign-off");
    await page.getByRole("button", { name: "Finish the run" }).click();
    await expect(page.getByText("done", { exact: true }).first()).toBeVisible();
    await step(page, "verdict").getByText("What was kept of it").click();
    await expect(step(page, "verdict")).toContainText("Tampered with, certain");
    await page
      .getByRole("link", { name: /^INC-\d+/ })
      .first()
      .click();
    await expect(page.getByText(/signed "Have it signed off" for compliance/)).toBeVisible();

    await page.goto("/");
    await expect(page.getByText(/is not whole: 1 row changed/).first()).toBeVisible();
    await page.getByRole("link", { name: "Tamper playbook" }).click();
    await expect(page.getByRole("combobox", { name: "Zone" })).toHaveValue(firstZone(stand));
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

test("an act on a zone under investigation asks why, offers the field, and the reason is on the investigation's record", async ({
  stand,
  signedIn,
}) => {
  const [sol, dana, ari] = await Promise.all([signedIn("security"), signedIn("responder"), signedIn("approver")]);
  const zone = stand.deployment.seeded.zones.at(-1)?.id ?? "";
  const run = await begin(sol, stand, "A decision that nobody made", zone);
  await dana.goto(`/approvals/new?action=freeze-zone&zone=${zone}`);
  await dana.getByRole("button", { name: "Ask for approval" }).click();
  const asking = dana.getByRole("dialog", { name: /^Ask for/ });
  await asking.getByRole("textbox", { name: "Why it is needed" }).fill("Mandates are minted with a stolen secret");
  await asking.getByRole("button", { name: "Yes, ask" }).click();
  const guard = dana.getByRole("dialog", { name: "Under tamper investigation" });
  await expect(guard).toContainText(/Nothing was done: a tamper investigation is open on zone .* \(INC-\d+\)/);
  await guard.getByRole("button", { name: "Leave it" }).click();
  await expect(guard).toBeHidden();
  await expect(dana.getByText(/a tamper investigation is open on zone/).first()).toBeVisible(); // the refusal, on the form
  await expect(dana).toHaveURL(/\/approvals\/new/);

  if (!(await asking.isVisible())) await dana.getByRole("button", { name: "Ask for approval" }).click();
  await asking.getByRole("textbox", { name: "Why it is needed" }).fill("Mandates are minted with a stolen secret");
  await asking.getByRole("button", { name: "Yes, ask" }).click();
  await guard.getByRole("textbox").fill("The thief still mints; evidence is preserved first");
  await guard.getByRole("button", { name: "Go ahead, with this reason" }).click();
  await expect(dana).toHaveURL(/\/approvals\/[0-9a-f-]{36}/, { timeout: 20_000 });
  await ari.goto(dana.url());
  await expect(ari.getByText("The thief still mints; evidence is preserved first").first()).toBeVisible();
  await approve(ari);
  await execute(dana);
  await sol.goto(run);
  await sol
    .getByRole("link", { name: /^INC-\d+/ })
    .first()
    .click();
  await expect(
    sol.getByText(/goes ahead with "Freeze a zone" in zone .* although it is under tamper investigation/),
  ).toBeVisible();

  const { rows } = await stand.record.query<{ id: string }>(
    "SELECT id FROM zone_freezes WHERE zone_id = $1 AND state <> 'thawed'",
    [zone],
  );
  const thaw = { freezeId: rows[0]?.id, reason: "The drill is over" };
  expect(await callMutation(dana, "brakes.thaw", thaw)).toMatchObject({ status: 412 });
  expect(await callMutation(dana, "brakes.thaw", { ...thaw, investigationReason: "It was a drill" })).toMatchObject({
    status: 200,
  });
  await expect
    .poll(
      async () =>
        (await stand.record.query("SELECT 1 FROM zone_freezes WHERE zone_id = $1 AND state <> 'thawed'", [zone]))
          .rowCount,
      {
        timeout: 60_000,
      },
    )
    .toBe(0);
});
