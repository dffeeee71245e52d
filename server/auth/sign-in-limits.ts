import { createHash } from "node:crypto";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Who = { readonly username: string; readonly address: string };
type Rule = {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
  readonly key: (who: Who) => string;
};

/**
 * Failures that are allowed. A name from one address is cut off soon; the name alone only late, so that a stranger cannot
 * keep the person on call out by guessing at their name.
 */
const rules: readonly Rule[] = [
  { name: "pair", points: 5, seconds: 300, key: (who) => `${who.username}\n${who.address}` },
  { name: "address", points: 50, seconds: 900, key: (who) => who.address },
  { name: "name", points: 100, seconds: 3_600, key: (who) => who.username },
];

/** Counters are kept under digests: neither names tried nor addresses lie in the table. */
const digest = (text: string) => createHash("sha256").update(text).digest("base64url").slice(0, 22);

/** The limiter's statements over the console's own pool, so that its failures read like every other. */
const clientOf = (db: Database) => ({
  async query(statement: { text: string; values: unknown[] }) {
    const rows = await db.query(statement.text, statement.values);
    return { rows, rowCount: rows.length };
  },
});

/** Counts sign-in attempts in the console's database, so that every replica counts together. */
export function signInLimits(db: Database, who: Who) {
  const limiters = rules.map((rule) => ({
    key: digest(rule.key(who)),
    limiter: new RateLimiterPostgres({
      storeClient: clientOf(db),
      storeType: "client",
      tableName: "sign_in_attempts",
      keyPrefix: rule.name,
      tableCreated: true,
      clearExpiredByTimeout: false,
      points: rule.points,
      duration: rule.seconds,
    }),
  }));
  return {
    /** Spends one attempt before the password is looked at. @throws DomainError rate_limited */
    async spend(): Promise<void> {
      await db.query("DELETE FROM sign_in_attempts WHERE expire < $1", [Date.now() - 60_000]);
      for (const { key, limiter } of limiters) {
        try {
          await limiter.consume(key);
        } catch (refusal) {
          if (!(refusal instanceof RateLimiterRes)) throw refusal;
          const minutes = Math.max(1, Math.ceil(refusal.msBeforeNext / 60_000));
          throw new DomainError("rate_limited", `Too many attempts. Wait ${minutes} min, then try again.`, { minutes });
        }
      }
    },
    /** After a success: the pair starts afresh, the shared counters get their point back. */
    async giveBack(): Promise<void> {
      for (const [index, { key, limiter }] of limiters.entries())
        await (index === 0 ? limiter.delete(key) : limiter.reward(key, 1));
    },
  };
}
