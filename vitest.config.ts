import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = {
  "@": fileURLToPath(new URL(".", import.meta.url)),
  "server-only": fileURLToPath(new URL("./scripts/empty-module.ts", import.meta.url)),
};
const ignored = ["**/node_modules/**", "**/.next/**", "e2e/**"];

/** unit: pure logic beside the code (*.test.ts). engines: verbs against real Postgres and Redis (*.engines.test.ts). */
export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...ignored, "**/*.engines.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "engines",
          include: ["**/*.engines.test.ts"],
          exclude: ignored,
          globalSetup: ["sandbox/engines/vitest-global-setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
