import { connect } from "node:net";
import { createTransport } from "nodemailer";
import type { Message } from "@/server/notifications/message";
import { outboundAddresses } from "@/server/notifications/outbound-address";
import type { SendContext, SendOutcome } from "@/server/notifications/send-outcome";
import { messageOf } from "@/server/platform/errors";
import type { NotifyChannel } from "@/server/platform/notify-channels";
import { withoutCredentials } from "@/server/platform/without-credentials";

type MailChannel = Extract<NotifyChannel, { kind: "smtp" }>;

const codeOf = (error: unknown): number | null =>
  typeof error === "object" && error !== null && "responseCode" in error && typeof error.responseCode === "number"
    ? error.responseCode
    : null;

/**
 * One message to the tier's addresses. The socket is ours, opened to an address that was checked, and destroyed at the
 * deadline, so that a server that hangs or dribbles holds nothing. The message id is the delivery's: a repeat can be told.
 */
export async function sendMail(channel: MailChannel, message: Message, ctx: SendContext): Promise<SendOutcome> {
  const to = channel.to[message.tier];
  if (to.length === 0) return { sent: false, again: false, detail: `no address for ${message.tier}` };
  const [target] = await outboundAddresses({ host: channel.host, port: channel.port, allowed: ctx.allowHosts });
  const socket = connect({ host: target?.address, port: channel.port });
  socket.on("error", () => undefined); // nodemailer hears it too, once it has the socket
  const timer = setTimeout(() => socket.destroy(new Error("it did not answer in time")), ctx.timeoutMs);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    const transport = createTransport({
      host: channel.host,
      port: channel.port,
      connection: socket,
      secure: channel.security === "tls",
      requireTLS: channel.security === "starttls",
      ignoreTLS: channel.security === "none",
      auth: channel.username === undefined ? undefined : { user: channel.username, pass: channel.password },
      greetingTimeout: ctx.timeoutMs,
      socketTimeout: ctx.timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const info = await transport.sendMail({
      from: channel.from,
      to,
      subject: message.line,
      text: `${message.line}\n${message.link === null ? "" : `\n${message.link}\n`}`,
      messageId: `<${message.id}@caracal-console>`,
      headers: { "auto-submitted": "auto-generated", "x-caracal-severity": message.severity },
    });
    const refused = info.rejected.length;
    const taken = `the server took it for ${info.accepted.length} of ${to.length}`;
    return { sent: true, detail: refused === 0 ? taken : `${taken}; it refused ${refused}` };
  } catch (error) {
    const code = codeOf(error);
    const detail = withoutCredentials(socket.errored === null ? messageOf(error) : messageOf(socket.errored));
    return { sent: false, again: code === null || code < 500, detail };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
