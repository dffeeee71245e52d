import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { channelViews, reaches } from "@/server/notifications/channel-views";
import { testMessage } from "@/server/notifications/message";
import { tiers, type testChannelInput, type TestResult } from "@/server/notifications/schemas";
import { sendMessage } from "@/server/notifications/send-message";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Input = {
  ctx: { db: Database; settings: Settings; actor: Actor };
  input: z.output<typeof testChannelInput>;
};
const everySeconds = 10;

/** Takes the channel's turn: once in ten seconds, whoever asks and on whichever replica. @throws rate_limited */
async function takeTurn(db: Database, channel: string): Promise<void> {
  const taken = await db.query(
    `INSERT INTO channel_tests (channel) VALUES ($1)
     ON CONFLICT (channel) DO UPDATE SET tested_at = now()
      WHERE channel_tests.tested_at < now() - make_interval(secs => $2) RETURNING channel`,
    [channel, everySeconds],
  );
  if (taken.length === 0)
    throw new DomainError(
      "rate_limited",
      `This channel was tested a moment ago. Wait ${everySeconds} s, then try again.`,
    );
}

/**
 * Sends a message marked as a test through one channel now, past the outbox, and says what happened; on the console's record.
 * E-mail goes to the first tier that has addresses. A page is opened and resolved at once.
 * @throws not_found for a channel that is not configured, rate_limited.
 */
export async function testChannel({ ctx, input }: Input): Promise<TestResult> {
  const { settings, db } = ctx;
  const channel = settings.NOTIFY_CHANNELS.find(({ name }) => name === input.channel);
  const view = channelViews(settings).find(({ name }) => name === input.channel);
  if (channel === undefined || view === undefined)
    throw new DomainError("not_found", "No channel of that name is configured.");
  await takeTurn(db, channel.name);
  const tier = tiers.find((one) => reaches(view, one)) ?? "on-call";
  const message = testMessage(randomUUID(), tier, settings.AUTH_URL);
  const sending = { allowHosts: settings.NOTIFY_ALLOW_HOSTS, deployment: settings.CARACAL_NAME, timeoutMs: 10_000 };
  const began = performance.now();
  let outcome = await sendMessage(channel, message, "trigger", sending);
  if (outcome.sent && channel.kind === "pagerduty") outcome = await sendMessage(channel, message, "resolve", sending);
  const result: TestResult = {
    channel: channel.name,
    delivered: outcome.sent,
    detail: outcome.detail,
    tookMs: Math.round(performance.now() - began),
  };
  await db.transaction((tx) =>
    appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "notification.tested",
        by: ctx.actor,
        summary: `Tested ${channel.name}: ${outcome.sent ? "delivered" : "not delivered"}, ${outcome.detail}`,
        details: { parameters: { channel: channel.name, kind: channel.kind, delivered: outcome.sent } },
      },
    ]),
  );
  return result;
}
