import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { decodeProtectedHeader } from "jose";
import type { Page } from "@playwright/test";
import { goOn, isNow, record, skip, step, tickAll } from "@/e2e/fixtures/guided";
import { approve, askForApproval, execute } from "@/e2e/fixtures/record";
import { secretScan } from "@/e2e/fixtures/secret-scan";
import { mint as mintSessions, newSubject } from "@/e2e/fixtures/sessions";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";
import { forgeMandate } from "@/sandbox/supervisor/thief";
import { seededSecret } from "@/sandbox/services/shared/client-secret";

/** The worst case from start to end. It comes last but one: after it every key of the stand is another. */

/** Asked for from the step that is due, approved by the other, executed. Ends on the approval's page. */
async function byTwo(asks: Page, votes: Page, act: string): Promise<void> {
  await asks.getByRole("link", { name: act }).click();
  const id = await askForApproval(asks, "The KEK was in a public log");
  await votes.goto(`/approvals/${id}`);
  await approve(votes);
  await execute(asks);
}

async function takeInventory(page: Page): Promise<void> {
  await page.goto("/keys");
  await page.getByRole("button", { name: "Take an inventory" }).click();
  await expect(page).toHaveURL(/\/keys\/jobs\//);
  await expect(page.getByText("finished", { exact: true })).toBeVisible({ timeout: 60_000 });
}

async function mint(stand: Stand, replica: string): Promise<string> {
  const [zone] = stand.deployment.seeded.zones;
  const answer = await fetch(`${stand.deployment.service(replica).url}/oauth/token`, {
    method: "POST",
    body: JSON.stringify({
      zone_id: zone?.id,
      client_id: zone?.applications[0],
      resource: zone?.resources[0],
      client_secret: seededSecret(zone?.applications[0] ?? ""),
    }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { access_token: string }).access_token;
}
const accepted = async (stand: Stand, token: string) =>
  (await fetch(`${stand.deployment.service("resource-1").url}/call`, { headers: { authorization: `Bearer ${token}` } }))
    .status;

test("a compromised KEK, by two people: from the new key to the last old mandate dead", async ({ stand, signedIn }) => {
  test.setTimeout(300_000);
  const dana = await signedIn("responder");
  const sol = await signedIn("security");
  const scan = secretScan(stand);
  await scan.watch(dana);
  await scan.watch(sol);
  await scan.learn();
  const old = await mint(stand, "sts-1");
  await newSubject(stand, 2);
  await mintSessions(stand, stand.deployment.seeded.zones.at(-1)?.id ?? "", "agent-of-another-zone", 2);
  expect(await accepted(stand, old)).toBe(200);
  await stand.drill("leak-kek"); // what a thief signs is taken
  const forged = await forgeMandate(stand.deployment);

  await dana.goto("/playbooks");
  await dana.getByRole("link", { name: "Begin: KEK compromised" }).click();
  await dana.getByLabel("Why it is started").fill("The KEK was in a public log");
  await dana.getByRole("button", { name: "Start", exact: true }).click();
  await expect(dana).toHaveURL(/\/playbooks\/guided\/[0-9a-f-]{36}/);
  const run = dana.url();
  await expect(dana.getByText("Read every secret from any copy of the database")).toBeVisible();

  await record(dana, "preserve", "caracal.dump, in the vault", "b".repeat(64));
  await skip(dana, "freeze", "Payments must go on tonight");
  await isNow(dana, "inventory");
  await takeInventory(dana);
  await dana.goto(run);
  await goOn(dana, "inventory");

  await isNow(dana, "generate");
  await dana.goto("/keys");
  await dana.getByRole("button", { name: "Make a next key" }).click();
  await dana.getByRole("button", { name: "Yes, make it" }).click();
  await expect(dana.getByRole("dialog")).toBeHidden();
  await takeInventory(dana); // the dry run, with both keys
  await dana.goto(run);
  await goOn(dana, "generate");

  await isNow(dana, "approve");
  await scan.learn(); // the next key
  await dana.getByRole("link", { name: "Ask for approval" }).click();
  const reEncryption = await askForApproval(dana, "The KEK was in a public log");
  await sol.goto(`/approvals/${reEncryption}`);
  await approve(sol);
  await dana.goto(run);
  await goOn(dana, "approve");
  await goOn(dana, "drain");

  await isNow(dana, "re-encrypt");
  await dana.goto(`/approvals/${reEncryption}`);
  await execute(dana);
  await dana.getByRole("link", { name: "Open the key job it started" }).click();
  await expect(dana.getByText(/none under/).first()).toBeVisible({ timeout: 60_000 });
  const job = dana.url();
  await dana.goto(run);
  await goOn(dana, "re-encrypt");

  // The wrong order is stopped: no replica opens what is sealed under the new key yet.
  await isNow(dana, "recreate");
  await expect(step(dana, "recreate").getByText(/another ZONE_KEK/)).toBeVisible();
  await expect(step(dana, "recreate").getByRole("button", { name: "Go on" })).toBeDisabled();
  await dana.goto("/approvals/new?action=rotate-zone-key&scope=zone&mode=compromise");
  await expect(dana.getByText(/does not open the newest key .* recreate it on that KEK first/).first()).toBeVisible({
    timeout: 20_000,
  });
  await dana.goto(run);
  await stand.drill("recreate-on-next-kek");
  await tickAll(dana, "recreate");
  await goOn(dana, "recreate");

  await isNow(dana, "sweep");
  await dana.goto(job);
  await dana.getByRole("button", { name: "Sweep again" }).click();
  await dana.getByRole("button", { name: "Yes, sweep again" }).click();
  await expect(dana.getByRole("dialog")).toBeHidden();
  await dana.goto(run);
  await goOn(dana, "sweep");

  await isNow(dana, "rotate");
  await byTwo(dana, sol, "Ask to rotate every zone");
  await dana.goto(run);
  await goOn(dana, "rotate");
  await scan.learn(); // the new signing keys

  await isNow(dana, "revoke");
  await expect(step(dana, "revoke").getByRole("button", { name: "Go on" })).toBeDisabled();
  await byTwo(dana, sol, "Ask to revoke every zone");
  await proveEveryRun(dana);
  await dana.goto(run);
  await goOn(dana, "revoke");

  await isNow(dana, "exposure");
  await expect(dana.getByText(/verifiers that still keep the old key/).first()).toBeVisible();
  await skip(dana, "exposure", "The resource servers were restarted, their keys are fresh");
  await dana.getByRole("link", { name: "Open the window of the compromise" }).click();
  const issued = dana.getByRole("region", { name: "Sessions issued", exact: true });
  const caller = stand.deployment.seeded.zones[0]?.applications[0] ?? "";
  await issued.getByRole("button", { name: caller, exact: true }).click({ timeout: 20_000 });
  const sessions = dana.getByRole("region", { name: `Sessions of ${caller}` }).first();
  await expect(sessions.getByText(/ms apart/).first()).toBeVisible(); // the mandate from before, and its likely event
  const download = dana.waitForEvent("download");
  await dana.getByRole("link", { name: "Export as CSV" }).click();
  expect((await download).suggestedFilename()).toMatch(/^compromise-window-.*\.csv$/);
  await dana.goto(run);
  await record(dana, "window", "No new subject since the leak");
  await tickAll(dana, "destroy");
  await expect(step(dana, "destroy").getByText(/still holds the old key/)).toBeVisible({ timeout: 20_000 });
  await expect(step(dana, "destroy").getByRole("button", { name: "Go on" })).toBeDisabled();
  const { current, next } = stand.deployment.kekFiles;
  writeFileSync(current, readFileSync(next), { mode: 0o600 });
  rmSync(next);
  await goOn(dana, "destroy");
  await dana.getByRole("button", { name: "Finish the run" }).click();
  await expect(dana.getByText("done", { exact: true }).first()).toBeVisible({ timeout: 20_000 });

  // What it was for.
  await stand.deployment.service("resource-1").restart();
  expect(await accepted(stand, old)).toBe(401);
  expect(await accepted(stand, forged)).toBe(401);
  await expect(stand.drill("leak-kek")).rejects.toThrow(); // and the KEK opens nothing any more
  const fresh = [await mint(stand, "sts-1"), await mint(stand, "sts-2")];
  for (const token of fresh) expect(await accepted(stand, token)).toBe(200);
  expect(new Set(fresh.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
  const refreshed = await fetch(`${stand.deployment.service("sts-1").url}/__sandbox/refresh`, { method: "POST" });
  expect(((await refreshed.json()) as { refreshed: number }).refreshed).toBeGreaterThan(0); // provider credentials still open

  // Nothing of any key or plaintext went anywhere: not in what was answered, kept, logged, exported or would be in a crash's report.
  await dana.goto(run);
  const incident = await dana
    .getByRole("link", { name: /^INC-\d+$/ })
    .first()
    .getAttribute("href");
  for (const format of ["json", "markdown", "html", "bundle"]) {
    const address = `/api/exports${incident}?format=${format}&profile=full`;
    const status = await dana.evaluate(async (url) => (await fetch(url)).status, address);
    expect(status, address).toBe(200);
  }
  const { found, looked } = await scan.look([dana, sol]);
  expect(found).toEqual([]);
  for (const [place, amount] of Object.entries(looked)) expect(amount, place).toBeGreaterThan(20);
});

/** From the executed approval to the runs that it started: proved together, with a second sweep, and all of them gone on to wait. */
async function proveEveryRun(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Open the runs it started, one for each zone" }).click();
  await expect(page.getByRole("heading", { name: /^Revocation in [2-9] zones$/ })).toBeVisible();
  await page.getByRole("button", { name: /^Sweep again in/ }).click({ timeout: 40_000 });
  await page.getByRole("button", { name: "Yes, sweep again" }).click();
  await expect(page.getByRole("dialog")).toBeHidden({ timeout: 20_000 });
  const goOn = page.getByRole("button", { name: /^Go on to wait in/ });
  await expect(async () => {
    if (await goOn.isVisible()) await goOn.click({ timeout: 1_000 });
    await expect(page.getByText(/; 0 of \d zones still open/)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
}
