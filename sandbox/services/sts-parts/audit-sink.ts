import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { type AuditEvent, eventSignature, wireEvent } from "@/sandbox/encoding/audit-event";
import { auditStream } from "../shared/streams";

/**
 * Publishes signed audit events; what Redis does not take waits in files of the spool folder and is published again only
 * at a start (trap 17). `pending` is a count in memory: a restart zeroes it whatever happened.
 */
export class AuditSink {
  pending = 0;
  replayed = 0;
  sinkErrors = 0;
  dropped = 0;

  constructor(
    private readonly redis: Redis,
    private readonly key: Buffer,
    private readonly folder: string,
  ) {}

  private async publish(id: string, data: string): Promise<void> {
    await this.redis.xadd(auditStream, "*", "id", id, "data", data, "sig", eventSignature(this.key, data));
  }

  async emit(event: AuditEvent): Promise<void> {
    const data = wireEvent(event);
    try {
      await this.publish(event.id, data);
    } catch {
      this.sinkErrors += 1;
      try {
        await writeFile(join(this.folder, `${event.id}.json`), data);
        this.pending += 1;
      } catch {
        this.dropped += 1;
      }
    }
  }

  /** At a start only: publishes what earlier processes left behind. */
  async drain(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of (await readdir(this.folder)).filter((file) => file.endsWith(".json")).sort()) {
      const path = join(this.folder, name);
      try {
        await this.publish(name.slice(0, -".json".length), await readFile(path, "utf8"));
      } catch {
        return; // Redis is away: the files wait for another start
      }
      await rm(path);
      this.replayed += 1;
    }
  }
}
