import { AxeBuilder } from "@axe-core/playwright";
import { askForApproval, declareIncident } from "@/e2e/fixtures/record";
import { newSubject } from "@/e2e/fixtures/sessions";
import { expect, test } from "@/e2e/fixtures/stand";

const pages = [
  "/",
  "/playbooks",
  "/playbooks/revoke-session/new",
  "/playbooks/guided/new",
  "/approvals/new?action=rotate-zone-key",
  "/sessions",
  "/keys",
  "/keys/window",
  "/audit",
  "/audit/checks",
  "/streams",
  "/streams/caracal.sessions.revoke",
  "/streams/caracal.audit.events.dlq",
  "/streams/outbox",
  "/incidents",
  "/incidents/new",
  "/approvals",
  "/approvals/new?action=freeze-zone",
  "/brakes",
  "/brakes/replace-secret",
  "/evidence",
  "/settings",
  "/settings/actions",
  "/settings/notifications",
  "/settings/break-glass",
];

for (const theme of ["light", "dark"] as const) {
  test.describe(`axe, ${theme}`, () => {
    test("sign-in", async ({ stand, browser }) => {
      const context = await browser.newContext({ baseURL: stand.url, colorScheme: theme });
      const page = await context.newPage();
      await page.goto("/sign-in");
      expect(await violations(page)).toEqual([]);
      await context.close();
    });

    test("every page of the console", async ({ signedIn }) => {
      const page = await signedIn("responder");
      await page.emulateMedia({ colorScheme: theme });
      const found: string[] = [];
      for (const path of pages) {
        await page.goto(path);
        await expect(page.getByTestId("trust-line")).toContainText("Redis ok");
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
        found.push(...(await violations(page)).map((line) => `${path}: ${line}`));
      }
      expect(found).toEqual([]);
    });

    test("an incident, its post-mortem and an approval, wide and on a phone", async ({ stand, signedIn }) => {
      const [one, two] = [await newSubject(stand, 1), await newSubject(stand, 1)];
      const page = await signedIn("responder");
      await page.emulateMedia({ colorScheme: theme });
      const id = await declareIncident(page, `Looked at in ${theme}`, { severity: "P1" });
      await page.goto(
        `/approvals/new?action=revoke-zone&zone=${one.zoneId}&subjects=${one.subject},${two.subject}&incident=${id}`,
      );
      const approvalId = await askForApproval(page, "To be looked at");
      const found: string[] = [];
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 844 });
        for (const path of [`/incidents/${id}`, `/incidents/${id}/post-mortem`, `/approvals/${approvalId}`]) {
          await page.goto(path);
          await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
          found.push(...(await problems(page, width)));
        }
      }
      expect(found).toEqual([]);
    });

    test("dead letters that were listed, bytes to sign anew, and an outbox with rows, wide and on a phone", async ({
      stand,
      signedIn,
    }) => {
      const letters = "caracal.audit.events.dlq";
      const page = await signedIn("security");
      await page.emulateMedia({ colorScheme: theme });
      await stand.redis.xtrim(letters, "MAXLEN", 0);
      await stand.drill("poison-dlq-signature");
      await expect.poll(() => stand.redis.xlen(letters), { timeout: 60_000 }).toBe(1);
      await stand.caracal.query(
        `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, last_error)
         VALUES ('dead-row', 'caracal.policy.invalidate', '{"zone_id": "z"}', 100, 'infinity', 'redis: connection refused')`,
      );
      try {
        await page.goto(`/streams/${letters}`);
        await page.getByRole("button", { name: "List and classify" }).click();
        await expect(page.locator("h1")).toContainText("ready, nothing moved yet", { timeout: 60_000 });
        const list = page.url();
        const found: string[] = [];
        for (const width of [1440, 390]) {
          await page.setViewportSize({ width, height: 844 });
          await page.goto(list);
          await page.getByRole("button", { name: "Sign anew" }).click();
          await page.getByRole("button", { name: "See what would be signed" }).click();
          await page.getByRole("button", { name: "Edit these bytes" }).click();
          await expect(page.getByLabel("Bytes to sign")).toHaveValue(/^\{"id":/);
          await page.getByRole("button", { name: "See what would be signed" }).click();
          await expect(page.getByRole("button", { name: "Ask for approval" })).toBeVisible();
          found.push(...(await problems(page, width)));
          await page.goto("/streams/outbox?state=dead");
          await expect(page.getByLabel("Choose dead-row")).toBeVisible();
          found.push(...(await problems(page, width)));
        }
        expect(found).toEqual([]);
      } finally {
        await stand.redis.xtrim(letters, "MAXLEN", 0);
        await stand.caracal.query("DELETE FROM event_outbox WHERE id = 'dead-row'");
      }
    });

    test("a run with its proof, on a phone", async ({ stand, signedIn }) => {
      const subject = await newSubject(stand, 3);
      const page = await signedIn("responder");
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`/playbooks/revoke-session/new?session=${subject.sids[0]}`);
      await page.getByRole("button", { name: "Start the playbook" }).click();
      await page.getByRole("button", { name: "This is the subject, measure the blast radius" }).click();
      await page.getByRole("button", { name: "Go on to revoke" }).click();
      await page.getByRole("textbox", { name: "Reason" }).fill("Seen from an unknown network");
      expect(await violations(page)).toEqual([]);
      await page.getByRole("button", { name: "Revoke 3 sessions" }).click();
      await page.getByRole("button", { name: "Yes, revoke 3 sessions" }).click();
      await expect(page.getByText(/3 of 3 proved/).first()).toBeVisible({ timeout: 30_000 });
      expect(await violations(page)).toEqual([]);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
    });
  });
}

/** What axe finds on the page, and by how much it is too wide. */
async function problems(page: import("@playwright/test").Page, width: number): Promise<string[]> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  const found = [...(await violations(page)), ...(overflow > 0 ? [`${overflow} px too wide`] : [])];
  return found.map((line) => `${width} ${new URL(page.url()).pathname}: ${line}`);
}

async function violations(page: import("@playwright/test").Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(
    ({ id, nodes }) =>
      `${id} at ${nodes
        .map((node) => node.target.join(" "))
        .slice(0, 3)
        .join(", ")}`,
  );
}
