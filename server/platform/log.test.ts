import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

test.each([
  ["warn", "warn"],
  ["", "info"],
  ["verbose", "info"],
  ["toString", "info"],
])("LOG_LEVEL %j logs from %s: one that is not known is for the settings to name", async (asked, level) => {
  vi.stubEnv("LOG_LEVEL", asked);
  expect((await import("@/server/platform/log")).log.level).toBe(level);
});
