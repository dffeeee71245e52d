import { defineConfig } from "@playwright/test";
import { browserPath } from "./e2e/fixtures/browser-path";

/** Journeys in real Chromium against the production build; each worker boots a deployment and a console of its own. */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env.CI !== undefined,
  retries: 1, // a journey over a dozen processes; one that needed its second try is named in the report
  outputDir: ".cache/e2e",
  use: {
    launchOptions: { executablePath: await browserPath() },
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
    trace: "off",
  },
});
