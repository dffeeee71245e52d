import { randomUUID } from "node:crypto";
import { keepHeads, type HeadSettings, placesOf } from "@/server/evidence/keep-heads";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { holdLease } from "@/server/jobs/lease";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";

type Parts = { readonly db: Database; readonly settings: HeadSettings & SigningSettings; readonly everyMs?: number };

const leaseSeconds = 45;

/** Keeps timeline heads outside the database while it runs; one replica at a time. Without a place to keep them it does nothing. */
export function createHeadKeeper({ db, settings, everyMs = 10_000 }: Parts): Repeating {
  const holder = randomUUID();
  const keeper = repeat("timeline heads", everyMs, async () => {
    try {
      if (await holdLease(db, "timeline-heads", holder, leaseSeconds))
        await keepHeads({ ctx: { db, settings, key: signingKey(settings) } });
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "timeline heads wait"); // louder than `repeat`: the record stands less firm meanwhile
    }
  });
  return {
    start() {
      if (placesOf(settings).length > 0) keeper.start();
    },
    stop: () => keeper.stop(),
  };
}
