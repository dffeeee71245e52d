import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Pool } from "pg";
import { type ArrivedEvent, eventSignature, readEvent } from "@/sandbox/encoding/audit-event";
import { openFastRedis } from "../shared/engines";
import { auditStream, deadLetters, type Entry, ensureGroup, toEntries } from "../shared/streams";
import { type Outcome, storeBatch } from "./store";

type RawEntries = [string, string[] | null][];

const group = "audit-ingestor";
const consumer = "audit-worker-0";
const batchSize = 100;
const maxDeliveries = 5;
const claimEveryMs = 5_000;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The reader of the audit stream: batches of 100, hash chain per zone, dead letters with the release's reasons. */
export class Ingest {
  readonly counters = {
    inserts_total: 0,
    parse_errors_total: 0,
    dlq_total: 0,
    retries_total: 0,
    hmac_failures_total: 0,
    tamper_replay_total: 0,
  };
  lag = 0;
  oldestSeconds = 0;
  healthy = true; // false after a failed read until the next event is read

  constructor(
    private readonly pool: Pool,
    private readonly redis: Redis,
    private readonly key: Buffer,
    private readonly claimIdleMs = 30_000,
  ) {}

  /** Starts reading; when Redis is away it waits for it. */
  start(redisUrl: string): void {
    const reader = openFastRedis(redisUrl);
    void this.read(reader);
    setInterval(() => void this.measure().catch(() => undefined), 30_000).unref();
  }

  private async measure(): Promise<void> {
    const [count, first] = (await this.redis.xpending(auditStream, group)) as [number, string | null];
    this.lag = count;
    this.oldestSeconds =
      first === null ? 0 : Math.max(0, Math.floor((Date.now() - Number(first.split("-")[0])) / 1_000));
  }

  private async read(reader: Redis): Promise<void> {
    let grouped = false;
    let claimAt = 0;
    for (;;) {
      try {
        if (reader.status === "wait") await reader.connect();
        if (!grouped) await ensureGroup(reader, auditStream, group);
        grouped = true;
        if (Date.now() >= claimAt) {
          await this.claim(reader);
          claimAt = Date.now() + Math.min(claimEveryMs, this.claimIdleMs);
        }
        const reply = (await reader.xreadgroup(
          "GROUP",
          group,
          consumer,
          "COUNT",
          batchSize,
          "BLOCK",
          1_000,
          "STREAMS",
          auditStream,
          ">",
        )) as [string, RawEntries][] | null;
        for (const [, raw] of reply ?? []) {
          this.healthy = true;
          await this.handle(toEntries(raw));
        }
      } catch {
        this.healthy = false;
        await delay(500);
      }
    }
  }

  private async claim(reader: Redis): Promise<void> {
    const [, raw] = (await reader.xautoclaim(
      auditStream,
      group,
      consumer,
      this.claimIdleMs,
      "0-0",
      "COUNT",
      batchSize,
    )) as [string, RawEntries];
    const entries = toEntries(raw);
    if (entries.length === 0) return;
    this.counters.retries_total += entries.length;
    await this.handle(entries);
  }

  /** Settles a batch in the order of its entries, so that the dead letters lie in the stream's order. */
  private async handle(entries: readonly Entry[]): Promise<void> {
    const verdicts = entries.map((entry) => ({ entry, ...this.judge(entry) }));
    const accepted = verdicts.flatMap(({ entry, event }) =>
      event === undefined ? [] : [{ entry, event, signature: entry.fields.sig ?? "" }],
    );
    let outcomes: Outcome[] = [];
    let failure: string | null = null;
    try {
      if (accepted.length > 0) outcomes = await storeBatch(this.pool, this.key, accepted);
    } catch (error) {
      failure = message(error); // what is not given up below stays pending and is claimed when idle
    }
    for (const { entry, reason } of verdicts) {
      const outcome = outcomes[accepted.findIndex((one) => one.entry === entry)];
      if (reason !== undefined) await this.deadLetter(entry, reason);
      else if (failure !== null) await this.giveUpWhenOld(entry, failure);
      else if (outcome !== undefined) await this.settle(entry, outcome);
    }
  }

  private async settle(entry: Entry, outcome: Outcome): Promise<void> {
    if (outcome.kind === "tampered") {
      this.counters.tamper_replay_total += 1;
      return this.deadLetter(entry, "tamper_on_replay");
    }
    if (outcome.kind === "permanent") {
      return this.deadLetter(entry, `pg_permanent_error:${outcome.reason}`);
    }
    if (outcome.kind === "stored") this.counters.inserts_total += 1;
    await this.redis.xack(auditStream, group, entry.id);
  }

  /** The event of an entry, or why it cannot be taken. */
  private judge(entry: Entry): { readonly event?: ArrivedEvent; readonly reason?: string } {
    const { data, sig } = entry.fields;
    if (data === undefined) {
      this.counters.parse_errors_total += 1;
      return { reason: "missing_data_field" };
    }
    if (sig !== eventSignature(this.key, data)) {
      this.counters.hmac_failures_total += 1;
      return { reason: "hmac_verify_failed" };
    }
    try {
      const event = readEvent(data);
      if (event.id === "" || event.zone_id === "") throw new TypeError("missing required field");
      return { event };
    } catch (error) {
      this.counters.parse_errors_total += 1;
      const truncated = error instanceof SyntaxError && /end of JSON input/i.test(error.message);
      return { reason: `json_parse_error:${truncated ? "unexpected end of JSON input" : message(error)}` };
    }
  }

  private async giveUpWhenOld(entry: Entry, reason: string): Promise<void> {
    const [found] = (await this.redis.xpending(auditStream, group, entry.id, entry.id, 1)) as [
      string,
      string,
      number,
      number,
    ][];
    if ((found?.[3] ?? 0) >= maxDeliveries) await this.deadLetter(entry, `transient_exceeded_max_deliveries:${reason}`);
  }

  /** `src_id` is the stream's id, unless the message had an `id` field: that overwrites it (trap 12). */
  private async deadLetter(entry: Entry, reason: string): Promise<void> {
    const fields: Record<string, string> = { reason, received_at: String(Date.now()), src_id: entry.id };
    for (const [name, value] of Object.entries(entry.fields)) fields[`src_${name}`] = value;
    await this.redis.xadd(deadLetters, "*", ...Object.entries(fields).flat());
    await this.redis.xack(auditStream, group, entry.id);
    this.counters.dlq_total += 1;
  }
}
