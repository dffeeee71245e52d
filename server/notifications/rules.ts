import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { channelViews } from "@/server/notifications/channel-views";
import {
  everyChannel,
  rulesShape,
  type RulesView,
  type saveRulesInput,
  type TierRule,
  tiers,
} from "@/server/notifications/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type RulesRow = { revision: number; rules: unknown; saved_by_name: string; saved_at: Date };

const inOrder = (rules: readonly TierRule[]) =>
  [...rules].sort((left, right) => tiers.indexOf(left.tier) - tiers.indexOf(right.tier));

/** The rules in force: the newest version. */
export async function readRules(db: Queryable): Promise<RulesView> {
  const [row] = await db.query<RulesRow>(
    "SELECT revision, rules, saved_by_name, saved_at FROM notification_rules ORDER BY revision DESC LIMIT 1",
  );
  if (row === undefined) throw new Error("the rules of notifications are missing");
  return {
    revision: row.revision,
    rules: inOrder(rulesShape.parse(row.rules)),
    savedBy: row.saved_by_name,
    savedAt: row.saved_at.toISOString(),
  };
}

type Save = {
  ctx: { db: Database; settings: Settings; actor: Actor };
  input: z.output<typeof saveRulesInput>;
};

/**
 * Saves the next version of the rules over the one the editor saw, and puts who, before and after on the console's record.
 * @throws conflict when somebody saved in between, bad_input when a step names a channel that is not configured.
 */
export async function saveRules({ ctx, input }: Save): Promise<RulesView> {
  const known = new Set([everyChannel, ...channelViews(ctx.settings).map(({ name }) => name)]);
  const unknown = input.rules.flatMap(({ steps }) => steps).find(({ channel }) => !known.has(channel));
  if (unknown !== undefined)
    throw new DomainError("bad_input", `No channel named ${unknown.channel} is configured.`, {
      channel: unknown.channel,
    });
  const rules = inOrder(input.rules);
  return ctx.db.transaction(async (tx) => {
    const before = await readRules(tx);
    const stale = new DomainError(
      "conflict",
      `${before.savedBy} saved these rules in the meantime. Load them again, then make your change.`,
    );
    if (before.revision !== input.revision) throw stale;
    const [row] = await tx.query<{ saved_at: Date }>(
      `INSERT INTO notification_rules (revision, rules, saved_by_id, saved_by_name) VALUES ($1, $2, $3, $4)
       ON CONFLICT (revision) DO NOTHING RETURNING saved_at`,
      [before.revision + 1, JSON.stringify(rules), ctx.actor.id, ctx.actor.name],
    );
    if (row === undefined) throw stale;
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "notification.rules-changed",
        by: ctx.actor,
        summary: `Changed who is told of incidents (version ${before.revision + 1}): ${input.reason}`,
        details: { before: before.rules, after: rules, parameters: { revision: before.revision + 1 } },
      },
    ]);
    return {
      revision: before.revision + 1,
      rules,
      savedBy: ctx.actor.name,
      savedAt: row.saved_at.toISOString(),
    };
  });
}
