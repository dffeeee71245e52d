import { randomUUID } from "node:crypto";
import { keepHeads, type HeadSettings, placesOf } from "@/server/evidence/keep-heads";
import { type SigningSettings, signingKey } from "@/server/evidence/signing-key";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";

export type HeadKeeper = { start(): void; stop(): Promise<void> };
type Parts = { readonly db: Database; readonly settings: HeadSettings & SigningSettings; readonly everyMs?: number };

const leaseName = "timeline-heads";

/** Takes or renews the lease for 45 s; false while another replica holds it. */
async function holdsLease(db: Database, holder: string): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO leases (name, holder, until) VALUES ($1, $2, now() + interval '45 seconds')
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
      WHERE leases.holder = excluded.holder OR leases.until < now() RETURNING 1`,
    [leaseName, holder],
  );
  return rows.length === 1;
}

/** Keeps timeline heads outside the database while it runs; one replica at a time. Without a place to keep them it does nothing. */
export function createHeadKeeper({ db, settings, everyMs = 10_000 }: Parts): HeadKeeper {
  const holder = randomUUID();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let busy = false;

  async function turn(): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      if (await holdsLease(db, holder)) await keepHeads({ ctx: { db, settings, key: signingKey(settings) } });
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "timeline heads wait");
    } finally {
      busy = false;
    }
  }

  return {
    start() {
      if (timer !== null || placesOf(settings).length === 0) return;
      const tick = () => {
        if (!busy) running = turn();
      };
      timer = setInterval(tick, everyMs);
      tick();
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      await running;
    },
  };
}
