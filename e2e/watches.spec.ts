import { declareIncident, moveIncident } from "@/e2e/fixtures/record";
import { expect, test } from "@/e2e/fixtures/stand";

test("a figure pinned on Now is recorded on the incident's page, ends with the pin, and stands in the post-mortem", async ({
  signedIn,
}) => {
  test.setTimeout(180_000);
  const page = await signedIn("responder");
  const incidentId = await declareIncident(page, "Audit falls behind");
  await page.goto("/");
  await page.getByRole("button", { name: "Watch caracal.audit.events for an incident", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Watch caracal.audit.events" });
  await dialog.getByRole("combobox", { name: "For" }).click();
  await page.getByRole("option", { name: /Audit falls behind/ }).click();
  await dialog.getByRole("button", { name: "Watch it" }).click();
  await expect(page.getByText(/INC-\d+ watches entries of caracal\.audit\.events/)).toBeVisible();

  await page.goto(`/incidents/${incidentId}`);
  const watch = page.locator("[data-watch='stream:caracal.audit.events:length']");
  await expect(watch).toContainText("Pinned by Dana Responder");
  await expect(watch.locator("svg.recharts-surface")).toBeVisible();
  await expect(page.getByText(/has the console watch entries of caracal\.audit\.events/)).toBeVisible();
  await watch.getByRole("button", { name: /End the watch/ }).click();
  await expect(watch).toContainText("ended by Dana Responder");
  await moveIncident(page, "Resolve", "Audit is back");
  await page.goto(`/incidents/${incidentId}/post-mortem`);
  await expect(page.locator("[data-watch='stream:caracal.audit.events:length'] svg.recharts-surface")).toBeVisible();
});
