import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { freePort } from "@/sandbox/engines/free-port";

/** One mail as it arrived: `text` is the whole message, headers and body, as it was sent. */
export type Mail = { readonly to: readonly string[]; readonly subject: string; readonly text: string };
export type Mailbox = {
  readonly port: number;
  /** Everything that has arrived, oldest first. */
  mails(): readonly Mail[];
  close(): Promise<void>;
};

const subjectOf = (text: string): string =>
  /^subject: (.*(?:\r?\n[ \t].*)*)/im.exec(text)?.[1]?.replace(/\r?\n\s+/g, " ") ?? "";

/** A real SMTP server on loopback that keeps what it is given: the mail host of demo and journeys. */
export async function startMailbox(onMail: (mail: Mail) => void = () => undefined): Promise<Mailbox> {
  const kept: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    size: 1_000_000,
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", done);
      stream.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const mail = { to: session.envelope.rcptTo.map(({ address }) => address), subject: subjectOf(text), text };
        kept.push(mail);
        onMail(mail);
        done();
      });
    },
  });
  server.on("error", () => undefined); // a client that hangs up in the middle
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port,
    mails: () => kept,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The settings that send every tier's messages there (docs/notifications.md). */
export const mailSettings = (mailbox: Mailbox): Readonly<Record<string, string>> => ({
  NOTIFY_ALLOW_HOSTS: "127.0.0.1",
  NOTIFY_CHANNELS: JSON.stringify([
    {
      name: "mail",
      kind: "smtp",
      host: "127.0.0.1",
      port: mailbox.port,
      security: "none",
      from: "Caracal console <console@sandbox.example>",
      to: {
        "on-call": ["on-call@sandbox.example"],
        security: ["security@sandbox.example"],
        compliance: ["compliance@sandbox.example"],
      },
    },
  ]),
});
