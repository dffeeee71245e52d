import { expect, test } from "@/e2e/fixtures/stand";

test.describe("live figures", () => {
  test("a number moves within two seconds of an XADD, without a reload", async ({ stand, signedIn }) => {
    const page = await signedIn("viewer");
    await page.goto("/streams/caracal.agents.lifecycle");
    const figure = page.getByText(/^\s*[\d,]+\s*entr(y|ies)/).first();
    await expect(figure).toBeVisible();
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const before = await stand.redis.xlen("caracal.agents.lifecycle");
    for (let added = 0; added < 7; added += 1)
      await stand.redis.xadd("caracal.agents.lifecycle", "*", "event", "spawned");
    await expect(figure).toHaveText(new RegExp(`^\\s*${before + 7}\\s*entries`), { timeout: 2_000 });
    expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
  });

  test("Redis stopped: the page says since when, keeps the last figures, and recovers by itself", async ({
    stand,
    signedIn,
  }) => {
    const page = await signedIn("viewer");
    const trust = page.getByTestId("trust-line");
    await expect(trust).toContainText("Redis ok");
    try {
      await stand.drill("redis-down");
      await expect(trust).toContainText(/Redis stale/);
      await expect(page.getByRole("link", { name: "caracal.audit.events", exact: true })).toBeVisible();
      await expect(page.getByText(/service.*not ready|not ready/i).first()).toBeVisible();
      await page.reload();
      await expect(page.getByTestId("trust-line")).toContainText(/Redis stale/);
    } finally {
      await stand.drill("redis-up");
    }
    await expect(page.getByTestId("trust-line")).toContainText("Redis ok", { timeout: 30_000 });
    await stand.drill("restore");
  });

  test("Caracal's Postgres stopped: pages load and say so, and it comes back by itself", async ({
    stand,
    signedIn,
  }) => {
    const page = await signedIn("viewer");
    try {
      await stand.drill("postgres-down");
      await expect(page.getByTestId("trust-line")).toContainText(/Postgres stale/);
      await page.goto("/sessions");
      await expect(page.getByText(/Caracal's Postgres did not answer/).first()).toBeVisible({ timeout: 30_000 });
    } finally {
      await stand.drill("postgres-up");
    }
    await expect(page.getByTestId("trust-line")).toContainText("Postgres ok", { timeout: 30_000 });
    await page.reload();
    await expect(page.getByRole("table").first()).toBeVisible();
  });

  test("a signal declared by hand stands on the page for everyone until it is cleared with a reason", async ({
    signedIn,
  }) => {
    const [dana, vera] = [await signedIn("responder"), await signedIn("viewer")];
    const sentence = "Payments customers report mandates used from an unknown network";
    await expect(vera.getByRole("button", { name: "Declare by hand" })).toHaveCount(0);
    await dana.getByRole("button", { name: "Declare by hand" }).click();
    const dialog = dana.getByRole("dialog");
    await dialog.getByRole("textbox").first().fill(sentence);
    await dialog.getByRole("button", { name: /declare/i }).click();
    await expect(vera.getByText(sentence).first()).toBeVisible();
    const row = dana.locator("[data-signal]", { hasText: sentence });
    await row
      .getByRole("button", { name: new RegExp(sentence) })
      .first()
      .click();
    await row.getByRole("button", { name: /clear/i }).click();
    await dana.getByRole("dialog").getByRole("textbox").fill("Their own test traffic");
    await dana.getByRole("dialog").getByRole("button", { name: /clear/i }).click();
    await expect(vera.getByText(sentence)).toHaveCount(0);
  });
});
