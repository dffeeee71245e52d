import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import {
  approve,
  askForApproval,
  callMutation,
  declareIncident,
  execute,
  mailOf,
  moveIncident,
} from "@/e2e/fixtures/record";
import { newSubject } from "@/e2e/fixtures/sessions";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

const sentence = `Calls in our name from two networks (${Date.now()})`;

async function declareSignal(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: "Declare by hand" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").click();
  await page.getByRole("option", { name: /^P1/ }).click();
  await dialog.getByRole("textbox").fill(sentence);
  await dialog.getByRole("button", { name: "Declare", exact: true }).click();
}

/** From the executed approval through proof to the end of the run. */
async function finishRun(page: Page, count: number): Promise<void> {
  await page.getByRole("link", { name: /run/i }).last().click();
  await expect(page.getByText(new RegExp(`${count} of ${count} proved`)).first()).toBeVisible({ timeout: 40_000 });
  const goOn = page.getByRole("button", { name: "Go on to wait" });
  if (await goOn.isDisabled()) {
    await page.getByRole("button", { name: "Sweep again" }).click();
    await page.getByRole("button", { name: "Yes, sweep again" }).click();
  }
  await expect(goOn).toBeEnabled({ timeout: 30_000 });
  await goOn.click();
  for (;;) {
    const skip = page.getByRole("button", { name: /^Skip with a reason/ }).first();
    await expect(skip.or(page.getByRole("button", { name: "Finish the run" })).first()).toBeVisible();
    if (!(await skip.isVisible())) break;
    await skip.click();
    await page.getByRole("dialog").getByRole("textbox").fill("Settled outside of this journey");
    await page.getByRole("button", { name: "Skip it" }).click();
    await expect(page.getByRole("dialog")).toBeHidden();
  }
  await page.getByRole("button", { name: "Finish the run" }).click();
  await expect(page.getByText(/Done: exposure is over/).first()).toBeVisible();
}

/** Unpacks the bundle and runs the commands of its own README, and the offline verifier. */
function verifyBundle(bundle: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    const run = (command: string, args: readonly string[], cwd = folder) => {
      const ended = spawnSync(command, [...args], { cwd, encoding: "utf8" });
      if (ended.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
      return ended.stdout;
    };
    run("tar", ["-xf", bundle, "--strip-components=0"]);
    const inside = run("find", [".", "-name", "manifest.sha256"])
      .trim()
      .replace(/\/manifest\.sha256$/, "");
    const cwd = join(folder, inside);
    run("sha256sum", ["-c", "manifest.sha256"], cwd);
    run(
      "openssl",
      [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "public-key.pem",
        "-rawin",
        "-in",
        "manifest.sha256",
        "-sigfile",
        "manifest.sha256.sig",
      ],
      cwd,
    );
    return run(process.execPath, ["--import", "tsx", "scripts/verify-bundle.ts", bundle], process.cwd());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.describe("the incident record", () => {
  test("from a P1 signal to a closed incident whose signed bundle holds", async ({ stand, signedIn }) => {
    test.setTimeout(240_000);
    const [one, two] = [await newSubject(stand, 2), await newSubject(stand, 3)];
    const dana = await signedIn("responder");
    const ari = await signedIn("approver");

    await declareSignal(dana);
    const row = dana.locator("[data-signal^='declared:']", { hasText: sentence });
    const link = row.getByRole("link", { name: /^INC-\d+$/ });
    await expect(link).toBeVisible({ timeout: 30_000 }); // declared by itself
    const name = (await link.textContent()) ?? "";
    await link.click();
    await expect(dana).toHaveURL(/\/incidents\/[0-9a-f-]{36}/);
    const id = dana.url().replace(/^.*\/incidents\/([0-9a-f-]{36}).*$/, "$1");
    await expect(dana.getByText(/declared automatically by a P1 signal/)).toBeVisible();
    const mail = await mailOf(stand, new RegExp(name));
    expect(mail).toContain(`/incidents/${id}`);

    expect(one.zoneId).toBe(two.zoneId);
    await dana.goto(
      `/approvals/new?action=revoke-zone&zone=${one.zoneId}&subjects=${one.subject},${two.subject}&incident=${id}`,
    );
    const approvalId = await askForApproval(dana, "Both were seen from an unknown network");
    await expect(dana.getByText(/You may not vote/)).toBeVisible();

    await ari.goto("/approvals");
    await ari.locator(`a[href='/approvals/${approvalId}']`).first().click();
    await expect(ari.getByText(/5 live sessions of 2 subjects/).first()).toBeVisible();
    await approve(ari);
    await execute(dana);
    await finishRun(dana, 5);
    const { rows } = await stand.caracal.query<{ status: string }>(
      "SELECT DISTINCT status FROM sessions WHERE id = ANY ($1)",
      [[...one.sids, ...two.sids]],
    );
    expect(rows).toEqual([{ status: "revoked" }]);

    await dana.goto(`/incidents/${id}`);
    await moveIncident(dana, "Mark contained", "Both subjects are out");
    await moveIncident(dana, "Resolve", "The leaked key was replaced");
    await expect(dana.getByText(/two people have to sign/).first()).toBeVisible();

    await dana.goto(`/incidents/${id}/post-mortem`);
    await dana.getByLabel("Cause").fill("A key was pasted into a public repository.");
    await dana.getByLabel("Cause").blur();
    await expect(dana.getByText(/Saved by Dana/)).toBeVisible();
    await dana.getByRole("button", { name: "Sign this text" }).click();
    await expect(dana.getByRole("button", { name: "Take my signature back" })).toBeVisible();
    await ari.goto(`/incidents/${id}/post-mortem`);
    await ari.getByRole("button", { name: "Sign this text" }).click();
    await expect(ari.getByText("Signed off", { exact: true })).toBeVisible();

    await dana.goto(`/incidents/${id}`);
    await moveIncident(dana, "Close incident", "Nothing is left to do");
    await expect(dana.getByTestId("incident-state")).toHaveText("Closed");
    const [download] = await Promise.all([
      dana.waitForEvent("download"),
      dana.evaluate((path) => {
        const anchor = document.createElement("a");
        anchor.href = path;
        document.body.append(anchor);
        anchor.click();
      }, `/api/exports/incidents/${id}?format=bundle&profile=full`),
    ]);
    const file = await download.path();
    expect(verifyBundle(file)).toMatch(/^WHOLE .* \d+ timeline entries, profile full/);
  });

  test("nobody approves what they asked for, by the page or by the API; a request lapses by the database's clock", async ({
    stand,
    signedIn,
  }) => {
    const [one, two] = [await newSubject(stand, 1), await newSubject(stand, 1)];
    const dana = await signedIn("responder");
    await dana.goto(`/approvals/new?action=revoke-zone&zone=${one.zoneId}&subjects=${one.subject},${two.subject}`);
    const approvalId = await askForApproval(dana, "To see that it is refused");
    await expect(dana.getByRole("button", { name: "Approve", exact: true })).toBeHidden();
    const { rows } = await stand.record.query<{ digest: string }>(
      "SELECT digest FROM approval_requests WHERE id = $1",
      [approvalId],
    );
    const digest = rows[0]?.digest ?? "";
    const vote = await callMutation(dana, "approvals.vote", { approvalId, digest, vote: "approve", comment: "" });
    expect([403, 412]).toContain(vote.status);
    const early = await callMutation(dana, "approvals.execute", { approvalId, digest });
    expect(early.status).toBeGreaterThanOrEqual(400);

    await stand.record.query("ALTER TABLE approval_requests DISABLE TRIGGER approval_requests_fixed");
    await stand.record.query(
      "UPDATE approval_requests SET requested_at = now() - interval '16 min', expires_at = now() - interval '1 min' WHERE id = $1",
      [approvalId],
    );
    await stand.record.query("ALTER TABLE approval_requests ENABLE TRIGGER approval_requests_fixed");
    const ari = await signedIn("approver");
    await ari.goto(`/approvals/${approvalId}`);
    await expect(ari.getByRole("heading", { level: 1 })).toContainText(/expired/i);
    await expect(ari.getByRole("button", { name: "Approve", exact: true })).toBeHidden();
    const late = await callMutation(ari, "approvals.vote", { approvalId, digest, vote: "approve", comment: "" });
    expect(late.status).toBeGreaterThanOrEqual(400);
  });

  test("a restricted incident is not there for a viewer: list, address, timeline, export", async ({ signedIn }) => {
    const sol = await signedIn("security");
    const id = await declareIncident(sol, "A quiet matter", { restricted: true });
    const vera = await signedIn("viewer");
    await vera.goto("/incidents");
    await expect(vera.getByRole("heading", { name: "Incidents" })).toBeVisible();
    await expect(vera.getByText("A quiet matter")).toHaveCount(0);
    await vera.goto(`/incidents/${id}`);
    await expect(vera.getByText("A quiet matter")).toHaveCount(0);
    for (const path of [
      `/api/trpc/incidents.timeline?input=${encodeURIComponent(JSON.stringify({ json: { incidentId: id } }))}`,
      `/api/exports/incidents/${id}?format=json&profile=shared`,
    ])
      expect((await vera.request.get(path)).status(), path).toBe(404);
    const body = await (await vera.request.get(`/incidents/${id}/post-mortem`)).text(); // streamed: the status went out before
    expect(body).not.toContain("A quiet matter");
  });

  test("an update that is overdue is said on screen, on the record and by mail", async ({ stand, signedIn }) => {
    const dana = await signedIn("responder");
    const id = await declareIncident(dana, "Exchanges fail", { severity: "P1" });
    await stand.record.query(
      "UPDATE incident_clocks SET due_at = now() - interval '1 s', warn_at = now() - interval '2 s' WHERE incident_id = $1 AND met_at IS NULL",
      [id],
    );
    await expect(dana.getByText(/An update is overdue since/).first()).toBeVisible({ timeout: 30_000 });
    await mailOf(stand, /overdue/i);
    await dana.getByLabel("Note", { exact: true }).fill("Still looking; the second replica is back");
    await dana.getByLabel("This is an update").check();
    await dana.getByRole("region", { name: "Write a note" }).getByRole("button", { name: "Add", exact: true }).click();
    await expect(dana.getByText("Still looking; the second replica is back")).toBeVisible();
  });
});

async function bindingsOf(stand: Stand, zoneId: string): Promise<readonly unknown[]> {
  const { rows } = await stand.caracal.query(
    "SELECT policy_set_id, active_version_id FROM policy_set_bindings WHERE zone_id = $1 ORDER BY 1",
    [zoneId],
  );
  return rows;
}

test.describe("emergency brakes", () => {
  test("two people freeze a zone, it is proved on the STS and shown as P1, and a colleague thaws it to what it was", async ({
    stand,
    signedIn,
  }) => {
    test.setTimeout(180_000);
    const { rows } = await stand.caracal.query<{ zone_id: string }>(
      "SELECT zone_id FROM policy_set_bindings WHERE active_version_id IS NOT NULL ORDER BY zone_id DESC LIMIT 1",
    );
    const zoneId = rows[0]?.zone_id ?? "";
    const before = await bindingsOf(stand, zoneId);
    const dana = await signedIn("responder");
    const sol = await signedIn("security");
    await dana.goto(`/approvals/new?action=freeze-zone&zone=${zoneId}`);
    const approvalId = await askForApproval(dana, "The application's secret is known to a thief");
    await sol.goto(`/approvals/${approvalId}`);
    await approve(sol);
    await execute(dana);
    await dana
      .getByRole("link", { name: /freeze/i })
      .last()
      .click();
    await expect(dana.getByRole("heading", { level: 1 })).toContainText("Frozen", { timeout: 90_000 });
    expect(
      (await bindingsOf(stand, zoneId)).every(
        (row) => (row as { active_version_id: unknown }).active_version_id === null,
      ),
    ).toBe(true);
    const freeze = dana.url();
    await dana.goto("/");
    await expect(dana.locator("[data-signal^='zone-frozen:']")).toBeVisible({ timeout: 20_000 });

    const remy = await signedIn("responder2");
    await remy.goto(freeze);
    await remy.getByRole("button", { name: "Thaw the zone" }).click();
    const dialog = remy.getByRole("dialog");
    await dialog.getByRole("textbox").fill("The secret was replaced");
    await dialog.getByRole("button", { name: /thaw/i }).last().click();
    await expect(remy.getByRole("heading", { level: 1 })).toContainText("Thawed", { timeout: 90_000 });
    expect(await bindingsOf(stand, zoneId)).toEqual(before);
  });
});
