import { inject } from "vitest";
import {
  createCaracalDatabase,
  createConsoleDatabase,
  type CaracalDatabase,
  type ConsoleDatabase,
} from "@/sandbox/engines/databases";
import { startRedis } from "@/sandbox/engines/redis";

export type FreshRedis = {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  drop(): Promise<void>;
};

/** A new console database with its migrations run; `url` is the running role's, `migrateUrl` the owner's. */
export const freshConsoleDatabase = (): Promise<ConsoleDatabase> =>
  createConsoleDatabase(inject("engines").postgresAdminUrl);

/** A new database with Caracal's tables, empty; `url` is the role of deploy/grants.sql, `ownerUrl` is for arranging. */
export const freshCaracalDatabase = (_options: { seed?: "none" } = {}): Promise<CaracalDatabase> =>
  createCaracalDatabase(inject("engines").postgresAdminUrl);

/** A Redis of one's own that can be stopped, frozen and started again on the same port with its data. */
export async function freshRedis(): Promise<FreshRedis> {
  const redis = await startRedis();
  return { ...redis, drop: redis.dispose };
}
