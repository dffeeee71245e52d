import type { TestProject } from "vitest/node";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";

export type ProvidedEngines = { readonly postgresAdminUrl: string; readonly redisUrl: string };

declare module "vitest" {
  export interface ProvidedContext {
    engines: ProvidedEngines;
  }
}

/** One Postgres and one Redis for all engine tests of a run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  project.provide("engines", { postgresAdminUrl: postgres.url, redisUrl: redis.url });
  return async () => {
    await Promise.all([postgres.dispose(), redis.dispose()]);
  };
}
