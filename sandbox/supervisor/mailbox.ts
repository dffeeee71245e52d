import { openSmtpReceiver, type ReceivedMail } from "@/sandbox/receivers/smtp-receiver";

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
const mailOf = ({ to, raw }: ReceivedMail): Mail => ({ to, subject: subjectOf(raw), text: raw });

/** The mail host of demo and journeys, on loopback. */
export async function startMailbox(onMail: (mail: Mail) => void = () => undefined): Promise<Mailbox> {
  const receiver = await openSmtpReceiver({ onMail: (mail) => onMail(mailOf(mail)) });
  return { port: receiver.port, mails: () => receiver.mails.map(mailOf), close: receiver.close };
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
