import { Redis } from "ioredis";
import { Pool } from "pg";
import { vi } from "vitest";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import { type Entry, toEntries } from "@/sandbox/services/shared/streams";
import { checkStreamSignature, streamSignature } from "@/server/caracal/stream-signature";

/** Up to 1,000 entries of a signed stream, oldest first, and the ids of those whose `_sig` is not right. */
export async function verifiedEntries(
  redis: Redis,
  key: Buffer,
  stream: string,
): Promise<{ entries: Entry[]; unsigned: string[] }> {
  const entries = toEntries(await redis.xrange(stream, "-", "+", "COUNT", 1_000));
  const unsigned = entries
    .filter(({ fields }) => checkStreamSignature(key, stream, fields) !== "valid")
    .map(({ id }) => id);
  return { entries, unsigned };
}

/** Polls until `check` passes. */
export const eventually = (check: () => Promise<void>, timeout = 15_000) =>
  vi.waitFor(check, { timeout, interval: 100 });

export type StandInGroup = {
  readonly pending: number;
  readonly lag: number | null;
  readonly lastDelivered: string;
  readonly consumers: number;
};

/** A test's own eyes and hands on a running stand-in: the owner's SQL, Redis, signed messages and the services' metrics. */
export async function openWitness(deployment: Deployment) {
  const redis = new Redis(deployment.redis.url);
  redis.on("error", () => undefined);
  const owner = new Pool({ connectionString: deployment.caracal.ownerUrl, max: 1 }); // one connection, made anew when Postgres was away
  owner.on("error", () => undefined);
  const key = Buffer.from(deployment.secrets.streamsHmacKey, "hex");

  return {
    redis,
    owner,
    async publish(stream: string, fields: Readonly<Record<string, string>>): Promise<string> {
      const signed = { ...fields, _sig: streamSignature(key, stream, fields) };
      return (await redis.xadd(stream, "*", ...Object.entries(signed).flat())) ?? "";
    },
    async group(stream: string, name: string): Promise<StandInGroup | undefined> {
      for (const flat of (await redis.xinfo("GROUPS", stream)) as unknown[][]) {
        const of = (field: string) => flat[flat.indexOf(field) + 1];
        if (of("name") !== name) continue;
        const lag = of("lag");
        return {
          pending: Number(of("pending")),
          lag: lag === null ? null : Number(lag),
          lastDelivered: String(of("last-delivered-id")),
          consumers: Number(of("consumers")),
        };
      }
      return undefined;
    },
    async answer(service: string, path: string, headers: Readonly<Record<string, string>> = {}) {
      const response = await fetch(`${deployment.service(service).url}${path}`, { headers });
      return { status: response.status, body: await response.text() };
    },
    /** A first mint for the zone's first application and resource; `extra` goes on top. */
    async mint(service: string, zoneIndex: number, extra: Readonly<Record<string, string>>) {
      const zone = deployment.seeded.zones[zoneIndex];
      const body = { zone_id: zone?.id, client_id: zone?.applications[0], resource: zone?.resources[0], ...extra };
      const response = await fetch(`${deployment.service(service).url}/oauth/token`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { access_token?: string; error_description?: string };
      return { status: response.status, token: answer.access_token ?? "", why: answer.error_description ?? "" };
    },
    async close() {
      redis.disconnect();
      await owner.end().catch(() => undefined);
    },
  };
}
export type Witness = Awaited<ReturnType<typeof openWitness>>;
