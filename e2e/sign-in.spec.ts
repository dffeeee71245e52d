import { demoPassword } from "@/sandbox/supervisor/demo-accounts";
import { expect, signIn, test } from "@/e2e/fixtures/stand";

test.describe("sign-in", () => {
  test("a local account comes in, lands where it was heading, and goes out on the server", async ({
    stand,
    browser,
  }) => {
    const context = await browser.newContext({ baseURL: stand.url });
    const page = await context.newPage();
    await page.goto("/streams?q=audit");
    await expect(page).toHaveURL(/\/sign-in\?/);
    await page.getByLabel("User name").fill("viewer");
    await page.getByLabel("Password").fill(demoPassword("viewer"));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page).toHaveURL(/\/streams/);
    const cookies = await context.cookies();

    await page.getByRole("button", { name: /Vera Viewer/ }).click();
    await page.getByText("Sign out", { exact: true }).click();
    await expect(page).toHaveURL(/\/sign-in/);

    // the old cookie is worth nothing: the server ended the sign-in, not only the browser
    const stolen = await browser.newContext({ baseURL: stand.url });
    await stolen.addCookies(cookies);
    const answer = await stolen.request.get(`/api/trpc/system.me`);
    expect(answer.status()).toBe(401);
    await stolen.close();
    await context.close();
  });

  test("a wrong password and an unknown name are refused in the same words", async ({ stand, browser }) => {
    const context = await browser.newContext({ baseURL: stand.url });
    const page = await context.newPage();
    await signIn(page, "viewer", "not the password");
    const said = await page.getByRole("main").getByRole("alert").textContent();
    await signIn(page, "nobody-of-this-name", "not the password");
    await expect(page.getByRole("main").getByRole("alert")).toHaveText(said ?? "");
    expect(said).toContain("does not say which");
    await context.close();
  });

  test("an identity provider's account comes in with the roles of its groups", async ({ stand, browser }) => {
    const context = await browser.newContext({ baseURL: stand.url });
    const page = await context.newPage();
    await byProvider(page, "olive");
    await expect(page.getByRole("heading", { name: "What is wrong now" })).toBeVisible();
    await page.goto("/settings");
    await expect(page.getByText("Olive Oncall").first()).toBeVisible();
    await expect(page.getByRole("main").getByText("responder", { exact: true }).first()).toBeVisible();
    await context.close();
  });

  test("an account in no mapped group is told so and reads nothing", async ({ stand, browser }) => {
    const context = await browser.newContext({ baseURL: stand.url });
    const page = await context.newPage();
    await byProvider(page, "otto");
    await expect(page).toHaveURL(/\/forbidden/);
    expect((await context.request.get("/api/trpc/system.snapshot")).status()).toBe(401);
    await context.close();
  });

  async function byProvider(page: import("@playwright/test").Page, login: string) {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: /^Continue with/ }).click();
    await page.locator("input[name=login]").fill(login);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    await page.locator("button[type=submit]", { hasText: /continue/i }).click();
  }
});
