import { createServer, type Server } from "node:http";
import { Redis } from "ioredis";
import { checkStreamSignature } from "@/server/caracal/stream-signature";

const stream = "caracal.sessions.revoke";
type Raw = [string, [string, string[] | null][]][] | null;

/**
 * One real consumer of the revocation stream, as small as it can be: reads its group, acks and drops bad signatures, holds
 * revoked sids in memory, tells their number as a gateway does. Can be paused, frozen (metrics too) and restarted empty.
 */
export class StageConsumer {
  readonly sids = new Set<string>();
  dropped = 0;
  url = "";
  private requests = 10;
  private reading = true;
  private frozen = false;
  private stopped = false;
  private readonly redis: Redis;
  private server: Server | null = null;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly redisUrl: string;
      readonly group: string;
      readonly name: string;
      readonly key: Buffer;
      readonly keepsKeys?: boolean; // as a resource server does
    },
  ) {
    this.redis = new Redis(options.redisUrl, { maxRetriesPerRequest: null });
    this.redis.on("error", () => undefined);
  }

  async start(): Promise<void> {
    await this.redis.xgroup("CREATE", stream, this.options.group, "0", "MKSTREAM").catch(() => undefined);
    this.server = createServer((request, response) => {
      if (this.frozen) return; // accepts and never answers, as a stopped process does
      response.setHeader("content-type", "application/json");
      response.end(request.url === "/metrics" ? JSON.stringify(this.metrics()) : "");
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.url = `http://127.0.0.1:${address.port}`;
    this.loop = this.read();
  }

  private metrics() {
    this.requests += 1;
    return { requests_total: this.requests, denials_revoked: 0, revocations_active: this.sids.size };
  }

  pause(): void {
    this.reading = false;
  }
  resume(): void {
    this.reading = true;
  }
  freeze(): void {
    this.frozen = true;
    this.reading = false;
  }
  /** What a restart does to a gateway: memory and counters are gone. */
  restart(): void {
    this.sids.clear();
    this.requests = 0;
  }

  private async read(): Promise<void> {
    const { group, name } = this.options;
    while (!this.stopped) {
      if (!this.reading) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      try {
        const reply = (await this.redis.xreadgroup(
          "GROUP",
          group,
          name,
          "COUNT",
          16,
          "BLOCK",
          50,
          "STREAMS",
          stream,
          ">",
        )) as Raw;
        for (const [, entries] of reply ?? []) for (const [id, flat] of entries) await this.take(id, flat ?? []);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  private async take(id: string, flat: string[]): Promise<void> {
    // what a read in flight brought in after a pause stays pending, as in a stopped process
    while (!this.reading && !this.stopped) await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.stopped) return;
    const fields: Record<string, string> = {};
    for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
    const sid = fields.session_id;
    if (checkStreamSignature(this.options.key, stream, fields) !== "valid") this.dropped += 1;
    else if (sid !== undefined) {
      this.sids.add(sid);
      if (this.options.keepsKeys) await this.redis.set(`caracal:revoked:sessions:${sid}`, "1", "EX", 86_400);
    }
    await this.redis.xack(stream, this.options.group, id);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.server?.closeAllConnections();
    this.server?.close();
    await this.loop;
    this.redis.disconnect();
  }
}
