import { createHmac } from "node:crypto";
import { isAllowedHost, portOf } from "@/server/notifications/outbound-address";
import type { ChannelView, Tier } from "@/server/notifications/schemas";
import type { NotifyChannel } from "@/server/platform/notify-channels";
import type { Settings } from "@/server/platform/settings";

type Needs = Pick<Settings, "NOTIFY_CHANNELS" | "NOTIFY_ALLOW_HOSTS" | "AUTH_SECRET">;

/** What of a channel must be kept: for a Slack-compatible webhook that is the path of its address. */
function secretOf(channel: NotifyChannel): string | null {
  switch (channel.kind) {
    case "smtp":
      return channel.password ?? null;
    case "webhook":
      return channel.secret;
    case "slack":
      return channel.url;
    case "pagerduty":
      return channel.routingKey;
  }
}

/** Where it sends to; null for e-mail, which has a host and port of its own. */
export function addressOf(channel: NotifyChannel): URL | null {
  if (channel.kind === "smtp") return null;
  return new URL(channel.kind === "pagerduty" ? channel.eventsUrl : channel.url);
}

function hostOf(channel: NotifyChannel): string {
  const url = addressOf(channel);
  if (url !== null) return `${url.hostname}:${portOf(url)}`;
  return channel.kind === "smtp" ? `${channel.host}:${channel.port}` : "";
}

/**
 * Every configured channel as it may be shown: name, kind, host, and a fingerprint of its secret under the console's own
 * AUTH_SECRET, so that two consoles can be compared and a guessed secret cannot be checked from outside.
 */
export function channelViews(settings: Needs): readonly ChannelView[] {
  return settings.NOTIFY_CHANNELS.map((channel) => {
    const secret = secretOf(channel);
    const url = addressOf(channel);
    const plain = url?.protocol === "http:" && !isAllowedHost(url.hostname, portOf(url), settings.NOTIFY_ALLOW_HOSTS);
    return {
      name: channel.name,
      kind: channel.kind,
      host: hostOf(channel),
      secret:
        secret === null
          ? null
          : createHmac("sha256", settings.AUTH_SECRET ?? "caracal-console")
              .update(secret)
              .digest("hex")
              .slice(0, 8),
      recipients:
        channel.kind === "smtp"
          ? {
              "on-call": channel.to["on-call"].length,
              security: channel.to.security.length,
              compliance: channel.to.compliance.length,
            }
          : null,
      problem: plain ? "Its address is http: use https, or name the host in NOTIFY_ALLOW_HOSTS." : null,
    };
  });
}

/** Tiers that a channel can reach: e-mail those it has an address for, every other kind all. */
export const reaches = (channel: Pick<ChannelView, "recipients">, tier: Tier): boolean =>
  channel.recipients === null || channel.recipients[tier] > 0;
