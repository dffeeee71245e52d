import { createHmac } from "node:crypto";
import type { Message } from "@/server/notifications/message";
import { guardedRequest } from "@/server/notifications/guarded-request";
import type { PageAction } from "@/server/notifications/plan-deliveries";
import { sendMail } from "@/server/notifications/send-mail";
import type { SendContext, SendOutcome } from "@/server/notifications/send-outcome";
import { DomainError, messageOf } from "@/server/platform/errors";
import type { NotifyChannel } from "@/server/platform/notify-channels";
import { withoutCredentials } from "@/server/platform/without-credentials";

type Call = { readonly url: string; readonly body: string; readonly headers?: Readonly<Record<string, string>> };

/** HMAC-SHA256 in hex over the timestamp, a dot and the exact body. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

function signed(channel: Extract<NotifyChannel, { kind: "webhook" }>, message: Message): Call {
  const { id, kind, severity, tier, step, incident, line, link } = message;
  const body = JSON.stringify({ id, kind, severity, tier, step, incident, line, link, test: kind === "test" });
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    url: channel.url,
    body,
    headers: {
      "idempotency-key": id,
      "x-caracal-timestamp": timestamp,
      "x-caracal-signature": signatureOf(channel.secret, timestamp, body),
    },
  };
}

/** The three characters that Slack reads as markup. */
export const escapeSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function slack(channel: Extract<NotifyChannel, { kind: "slack" }>, { line, link }: Message): Call {
  const text = link === null ? escapeSlack(line) : `${escapeSlack(line)}\n${escapeSlack(link)}`;
  return { url: channel.url, body: JSON.stringify({ text, unfurl_links: false, unfurl_media: false }) };
}

const pagerSeverity = { P1: "critical", P2: "error", P3: "warning", P4: "info" } as const;

function pager(
  channel: Extract<NotifyChannel, { kind: "pagerduty" }>,
  message: Message,
  action: PageAction,
  deployment: string,
): Call {
  const { dedupe, severity, line, link, incident } = message;
  const trigger = {
    client: "Caracal console",
    ...(link === null ? {} : { client_url: link, links: [{ href: link, text: incident ?? "Open the console" }] }),
    payload: { summary: line, source: deployment, severity: pagerSeverity[severity] },
  };
  const event = { routing_key: channel.routingKey, event_action: action, dedup_key: dedupe };
  return { url: channel.eventsUrl, body: JSON.stringify(action === "trigger" ? { ...event, ...trigger } : event) };
}

/** Answers that another try can change: the receiver is busy, slow or broken for now. */
const passing = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

async function post(call: Call, ctx: SendContext): Promise<SendOutcome> {
  const { status, retryAfter } = await guardedRequest({
    url: call.url,
    body: call.body,
    headers: { "content-type": "application/json", "user-agent": "caracal-console", ...call.headers },
    allowHosts: ctx.allowHosts,
    timeoutMs: ctx.timeoutMs,
  });
  if (status >= 200 && status < 300) return { sent: true, detail: `answered ${status}` };
  if (status >= 300 && status < 400)
    return { sent: false, again: false, detail: `answered ${status}: redirects are not followed` };
  const seconds = Number(retryAfter ?? Number.NaN);
  return {
    sent: false,
    again: passing(status),
    detail: `answered ${status}`,
    ...(Number.isFinite(seconds) && seconds > 0 ? { afterSeconds: seconds } : {}),
  };
}

/** One attempt through one channel; never throws, and ends within the context's time. */
export async function sendMessage(
  channel: NotifyChannel,
  message: Message,
  action: PageAction,
  ctx: SendContext,
): Promise<SendOutcome> {
  try {
    switch (channel.kind) {
      case "smtp":
        return await sendMail(channel, message, ctx);
      case "webhook":
        return await post(signed(channel, message), ctx);
      case "slack":
        return await post(slack(channel, message), ctx);
      case "pagerduty":
        return await post(pager(channel, message, action, ctx.deployment), ctx);
    }
  } catch (error) {
    const refused = error instanceof DomainError && error.code === "forbidden";
    const late = error instanceof Error && error.name === "TimeoutError";
    const detail = late
      ? `no answer within ${Math.round(ctx.timeoutMs / 1000)} s`
      : withoutCredentials(messageOf(error));
    return { sent: false, again: !refused, detail };
  }
}
