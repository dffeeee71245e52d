import { z } from "zod";

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, "must be one line");
const name = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower case letters, digits and dashes, at most 40");
const address = z.email("must be an e-mail address").max(200);
const addresses = z.array(address).max(20, "holds more than 20 addresses").default([]);
const url = z
  .url({ protocol: /^https?$/, error: "must be an https address (http only for hosts in NOTIFY_ALLOW_HOSTS)" })
  .max(2_000)
  .refine((text) => new URL(text).username === "" && new URL(text).password === "", "must not hold a user or password");

const smtp = z.strictObject({
  name,
  kind: z.literal("smtp"),
  host: line(253),
  port: z.number().int().min(1).max(65_535),
  security: z.enum(["tls", "starttls", "none"]).default("starttls"),
  username: line(200).optional(),
  password: z.string().min(1).max(500).optional(),
  from: line(200),
  to: z.strictObject({ "on-call": addresses, security: addresses, compliance: addresses }),
});
const webhook = z.strictObject({
  name,
  kind: z.literal("webhook"),
  url,
  secret: z.string().min(16, "must be at least 16 characters").max(500),
});
const slack = z.strictObject({ name, kind: z.literal("slack"), url });
const pagerduty = z.strictObject({
  name,
  kind: z.literal("pagerduty"),
  routingKey: z.string().min(16, "must be at least 16 characters").max(100),
  eventsUrl: url.default("https://events.pagerduty.com/v2/enqueue"),
});

const channel = z
  .discriminatedUnion("kind", [smtp, webhook, slack, pagerduty], { error: "must be smtp, webhook, slack or pagerduty" })
  .refine((one) => one.kind !== "smtp" || (one.username === undefined) === (one.password === undefined), {
    message: "must be given together with username, or both left out",
    path: ["password"],
  })
  .refine((one) => one.kind !== "smtp" || one.username === undefined || one.security !== "none", {
    message: "must be tls or starttls when there is a password",
    path: ["security"],
  })
  .refine((one) => one.kind !== "smtp" || Object.values(one.to).some((list) => list.length > 0), {
    message: "must name somebody in at least one tier",
    path: ["to"],
  });
const channels = z.array(channel).max(20, "holds more than 20 channels");

export type NotifyChannel = z.output<typeof channel>;
export type ChannelKind = NotifyChannel["kind"];

/** What is wrong with one entry, by its place and field, without any value of it. */
function problemOf(issue: z.core.$ZodIssue): string {
  const [place, ...field] = issue.path;
  if (place === undefined) return issue.message;
  const where = `entry ${Number(place) + 1}${field.length === 0 ? "" : `, ${field.join(".")}`}`;
  const unknown = issue.code === "unrecognized_keys" ? `knows no ${issue.keys.join(", ")}` : issue.message;
  return `${where}: ${issue.code === "invalid_type" ? "is missing or of the wrong type" : unknown}`;
}

/** The JSON of NOTIFY_CHANNELS as channels; each problem in words, without the value, since values are secrets. */
export const notifyChannels = z
  .string()
  .default("[]")
  .transform((text, context): NotifyChannel[] => {
    let opened: unknown;
    try {
      opened = JSON.parse(text);
    } catch {
      context.addIssue("is not valid JSON");
      return z.NEVER;
    }
    const parsed = channels.safeParse(opened);
    if (!parsed.success) {
      context.addIssue(`needs attention: ${parsed.error.issues.slice(0, 10).map(problemOf).join("; ")}`);
      return z.NEVER;
    }
    const names = parsed.data.map((one) => one.name);
    const twice = names.findIndex((one, at) => names.indexOf(one) !== at);
    if (twice !== -1) {
      context.addIssue(`needs attention: entry ${twice + 1}, name: is used twice`);
      return z.NEVER;
    }
    return parsed.data;
  });

/** NOTIFY_ALLOW_HOSTS: host or host:port, in lower case, by commas. An IPv6 address stands in brackets. */
export const notifyAllowHosts = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim().toLowerCase())
      .filter((part) => part !== ""),
  )
  .pipe(
    z.array(
      z.string().regex(/^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/, "must be host or host:port, separated by commas"),
    ),
  );
