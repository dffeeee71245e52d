import type { Page } from "@playwright/test";
import { mint, newSubject, type Subject } from "@/e2e/fixtures/sessions";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";

const wait = "Go on to wait";

/** From a session's page to the step before the act. */
async function openRun(page: Page, { sids }: Subject): Promise<void> {
  await expect(page.getByTestId("trust-line")).toContainText("7/7 services"); // an earlier test's faults are over
  await page.goto(`/playbooks/revoke-session/new?session=${sids[0]}`);
  await page.getByRole("button", { name: "Start the playbook" }).click();
  await page.getByRole("button", { name: "This is the subject, measure the blast radius" }).click();
  await page.getByRole("button", { name: "Go on to revoke" }).click();
}

async function revoke(page: Page, count: number): Promise<void> {
  await page.getByRole("textbox", { name: "Reason" }).fill("Mandate seen from an unknown network");
  await page.getByRole("button", { name: `Revoke ${count} sessions` }).click();
  await page.getByRole("button", { name: `Yes, revoke ${count} sessions` }).click();
}

async function skip(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Skip with a reason\s*: Let the remaining/ }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("The resource servers here read revocations");
  await page.getByRole("button", { name: "Skip it" }).click();
}

const statusOf = async (stand: Stand, sids: readonly string[]) =>
  (
    await stand.caracal.query<{ status: string }>("SELECT DISTINCT status FROM sessions WHERE id = ANY ($1)", [sids])
  ).rows.map((row) => row.status);

test.describe("playbook: revoke a compromised session", () => {
  test("from a session to proof at every witness, the second sweep and the end of the run", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 4);
    const page = await signedIn("responder");
    await openRun(page, subject);
    await revoke(page, 4);
    await expect(page.getByText(/4 of 4 proved/).first()).toBeVisible({ timeout: 30_000 });
    expect(await statusOf(stand, subject.sids)).toEqual(["revoked"]);

    const matrix = page.getByRole("region", { name: "Proof matrix" });
    await expect(matrix.getByRole("columnheader", { name: /sts/ })).toBeVisible();
    await expect(matrix.getByRole("columnheader", { name: /gateway/ })).toBeVisible();
    await expect(page.getByRole("region", { name: "Gateway replicas" })).toContainText("gateway-2");
    for (const sid of subject.sids) expect(await stand.redis.exists(`caracal:revoked:sessions:${sid}`)).toBe(1);

    await page.reload();
    const goOn = page.getByRole("button", { name: wait });
    if (await goOn.isDisabled()) {
      await page.getByRole("button", { name: "Sweep again" }).click();
      await page.getByRole("button", { name: "Yes, sweep again" }).click();
    }
    await expect(goOn).toBeEnabled({ timeout: 30_000 });
    await goOn.click();
    await skip(page);
    await page.getByRole("button", { name: "Finish the run" }).click();
    await expect(page.getByText(/Done: exposure is over/).first()).toBeVisible();
  });

  test("with STS paused the step stays open and names the group; it completes after the pause", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 3);
    const page = await signedIn("responder");
    await openRun(page, subject);
    try {
      await stand.drill("pause-sts");
      await revoke(page, 3);
      const missing = page.getByRole("list", { name: "What is missing" });
      await expect(missing).toContainText("sts-revocation", { timeout: 30_000 });
      await expect(page.getByText(/0 of 3 proved/).first()).toBeVisible();
      await expect(page.getByRole("button", { name: wait })).toBeDisabled();
      expect(await statusOf(stand, subject.sids)).toEqual(["revoked"]);
    } finally {
      await stand.drill("resume-sts");
    }
    await expect(page.getByText(/3 of 3 proved/).first()).toBeVisible({ timeout: 30_000 });
  });

  test("entries signed with another key are said to be dropped by consumers, and nothing is called proved", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 2);
    const page = await signedIn("responder");
    try {
      await stand.drill("wrong-api-stream-key");
      await stand.redis.xtrim("caracal.sessions.revoke", "MAXLEN", 0); // nothing is left that our key verifies
      // the API publishes a policy event under its wrong key: the console sees that keys disagree and leaves signing to the API
      await stand.caracal.query(
        `INSERT INTO event_outbox (id, stream_name, payload_json) VALUES (gen_random_uuid()::text, 'caracal.policy.invalidate', jsonb_build_object('zone_id', $1::text))`,
        [subject.zoneId],
      );
      await expect.poll(() => stand.redis.xlen("caracal.policy.invalidate")).toBeGreaterThan(0);
      await openRun(page, subject);
      await revoke(page, 2);
      await expect(page.getByText(/drop/i).first()).toBeVisible({ timeout: 30_000 });
      await expect(page.getByText(/0 of 2 proved/).first()).toBeVisible({ timeout: 30_000 });
      await expect(page.getByRole("button", { name: wait })).toBeDisabled();
    } finally {
      await stand.drill("restore-stream-key");
      await stand.redis.del("caracal.policy.invalidate");
      await stand.drill("restore");
    }
  });

  test("a gateway restarted in the middle is told by its own count, and publishing again fills it", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 6);
    const page = await signedIn("responder");
    await openRun(page, subject);
    await revoke(page, 6);
    await expect(page.getByText(/6 of 6 proved/).first()).toBeVisible({ timeout: 30_000 });
    await stand.drill("restart-gateway");
    const gateways = page.getByRole("region", { name: "Gateway replicas" });
    await expect(gateways).toContainText(/gateway-1[^g]*0 of 6/, { timeout: 30_000 });
    await page.getByRole("button", { name: "Publish again" }).click();
    await page.getByRole("button", { name: "Yes, publish again" }).click();
    await expect(gateways).toContainText(/gateway-1[^g]*6 of 6/, { timeout: 60_000 });
    await expect(gateways).toContainText(/gateway-2[^g]*6 of 6/, { timeout: 60_000 });
  });

  test("a session minted meanwhile is found and revoked by the second sweep", async ({ stand, signedIn }) => {
    const subject = await newSubject(stand, 2);
    const page = await signedIn("responder");
    await openRun(page, subject);
    await revoke(page, 2);
    await expect(page.getByText(/2 of 2 proved/).first()).toBeVisible({ timeout: 30_000 });
    const late = await mint(stand, subject.zoneId, subject.subject, 1);
    await expect(page.getByRole("list", { name: "What is missing" })).toContainText("1 more session is active");
    await page.getByRole("button", { name: "Sweep again" }).click();
    await page.getByRole("button", { name: "Yes, sweep again" }).click();
    await expect(page.getByText(/3 of 3 proved/).first()).toBeVisible({ timeout: 30_000 });
    expect(await statusOf(stand, late)).toEqual(["revoked"]);
  });

  test("two operators on one run see the same; the second takes over; a viewer can only look", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 3);
    const [dana, remy, vera] = [await signedIn("responder"), await signedIn("responder2"), await signedIn("viewer")];
    await openRun(dana, subject);
    const address = new URL(dana.url()).pathname;
    await remy.goto(address);
    await vera.goto(address);
    await expect(vera.getByRole("button", { name: "Take over" })).toHaveCount(0);
    await remy.getByRole("button", { name: "Take over" }).click();
    await remy.getByRole("button", { name: "Yes, take it over" }).click();
    await expect(dana.getByText(/Remy Responder/).first()).toBeVisible();
    await remy.getByRole("button", { name: "Go on to revoke" }).click();
    await revoke(remy, 3);
    for (const page of [dana, remy, vera])
      await expect(page.getByText(/3 of 3 proved/).first()).toBeVisible({ timeout: 30_000 });
    const rounds = await stand.caracal.query(
      "SELECT 1 FROM event_outbox WHERE stream_name = 'caracal.sessions.revoke' AND payload_json ->> 'session_id' = ANY ($1)",
      [subject.sids],
    );
    expect(rounds.rowCount).toBe(3);
  });

  test("Redis stopped in the middle: the rows are revoked, publishing waits, and it completes when Redis is back", async ({
    stand,
    signedIn,
  }) => {
    const subject = await newSubject(stand, 2);
    const page = await signedIn("responder");
    await openRun(page, subject);
    try {
      await stand.drill("redis-down");
      await revoke(page, 2);
      await expect(page.getByText(/Redis/).nth(1)).toBeVisible();
      await expect.poll(() => statusOf(stand, subject.sids), { timeout: 60_000 }).toEqual(["revoked"]);
    } finally {
      await stand.drill("redis-up");
    }
    await expect(page.getByText(/2 of 2 proved/).first()).toBeVisible({ timeout: 90_000 });
    await stand.drill("restore");
  });
});
