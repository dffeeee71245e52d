import { connect } from "node:net";
import { Redis } from "ioredis";
import { DatabaseError, Pool } from "pg";

/** A small pool. `onLost` hears of idle connections that were cut: API and coordinator exit then, the Go services do not. */
export function openPool(url: string, onLost: (error: Error) => void = () => undefined): Pool {
  const pool = new Pool({ connectionString: url, max: 6, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  pool.on("error", onLost);
  return pool;
}

/** A connection that fails fast while Redis is away and heals by itself, as the Go services' do. */
export function openFastRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: () => 200,
  });
  redis.on("error", () => undefined);
  return redis;
}

/** A connection as the Node services of the release keep it: three retries per request, then ioredis's own error. */
export function openNodeRedis(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 3,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 50, 500),
  });
  redis.on("error", () => undefined);
  return redis;
}

/** True for errors of the connection or the server, as against of the statement. */
export const isConnectionError = (error: unknown): boolean =>
  !(error instanceof DatabaseError) || /^(08|57P|53)/.test(error.code ?? "");

/** What Go's dialler says of an address that does not answer: refused, timed out, or "" when it accepts connections. */
function dial(hostname: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port });
    const done = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(500, () => done(`dial tcp ${hostname}:${port}: i/o timeout`));
    socket.once("connect", () => done(""));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ECONNREFUSED" ? "connection refused" : (error.code ?? "unknown error");
      done(`dial tcp ${hostname}:${port}: connect: ${reason}`);
    });
  });
}

/** Why Postgres cannot be used, in pgx's words; null when it answers. */
export async function postgresProblem(pool: Pool, url: string): Promise<string | null> {
  try {
    await pool.query({ text: "SELECT 1", query_timeout: 2_000 } as { text: string });
    return null;
  } catch (error) {
    const { hostname, port, username, pathname } = new URL(url);
    const address = `${hostname}:${port || "5432"}`;
    const prefix = `failed to connect to \`user=${username} database=${pathname.slice(1)}\`: ${address} (${hostname}): `;
    const refused = await dial(hostname, Number(port || "5432"));
    if (refused !== "") return `${prefix}dial error: ${refused}`;
    if (error instanceof DatabaseError)
      return `${prefix}server error: ${error.severity ?? "FATAL"}: ${error.message} (SQLSTATE ${error.code ?? "XX000"})`;
    return `${prefix}failed to receive message: timeout: context deadline exceeded`;
  }
}

/** Why Redis cannot be used, in go-redis's words; null when it answers. */
export async function redisProblem(redis: Redis, url: string): Promise<string | null> {
  const timer = AbortSignal.timeout(2_000);
  const answered = redis.ping().then(
    () => true,
    () => false,
  );
  const late = new Promise<false>((resolve) => timer.addEventListener("abort", () => resolve(false), { once: true }));
  if (await Promise.race([answered, late])) return null;
  const { hostname, port } = new URL(url);
  return (await dial(hostname, Number(port || "6379"))) || "context deadline exceeded";
}
