import { hostname } from "node:os";

/** A required setting of a stand-in service. Throws naming it when absent. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set.`);
  return value;
}

/** An optional setting; empty counts as absent. */
export const optional = (name: string, fallback: string): string => process.env[name] || fallback;

/** An optional whole number. */
export function optionalNumber(name: string, fallback: number): number {
  const value = Number(optional(name, String(fallback)));
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number.`);
  return value;
}

/** A required hex key. */
export const hexKey = (name: string): Buffer => Buffer.from(required(name), "hex");

export type Common = {
  readonly host: string;
  readonly port: number;
  readonly replica: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly process: string; // "<host>-<pid>", the middle of the real consumers' names
};

/** What every service is told: PORT, HOST, REPLICA_NAME, DATABASE_URL, REDIS_URL. */
export const commonSettings = (service: string): Common => ({
  host: optional("HOST", "127.0.0.1"),
  port: Number(required("PORT")),
  replica: optional("REPLICA_NAME", service),
  databaseUrl: required("DATABASE_URL"),
  redisUrl: required("REDIS_URL"),
  process: `${hostname()}-${process.pid}`,
});
