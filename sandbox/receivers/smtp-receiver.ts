import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export type ReceivedMail = { readonly from: string; readonly to: readonly string[]; readonly raw: string };
export type SmtpReceiver = {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  readonly signIns: readonly string[];
  /** null: takes mail. Otherwise what it says to every sender: 451 for now, 550 for good. */
  refuseWith(code: number | null): void;
  /** Lets connections wait for a greeting that never comes. */
  hang(on: boolean): void;
  close(): Promise<void>;
};

/** What a server proves itself with. */
export type Certificate = { readonly key: string; readonly cert: string };

type Options = { readonly certificate?: Certificate; readonly onMail?: (mail: ReceivedMail) => void };

/** A real SMTP server on loopback that keeps the mail it was given; with a certificate it offers STARTTLS and sign-in. */
export async function openSmtpReceiver({ certificate, onMail }: Options = {}): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = [];
  const signIns: string[] = [];
  let refusal: number | null = null;
  let hanging = false;
  const server = new SMTPServer({
    authOptional: true,
    ...(certificate ?? { hideSTARTTLS: true, disabledCommands: ["STARTTLS", "AUTH"] }),
    disableReverseLookup: true,
    onConnect(_session, done) {
      if (!hanging) done();
    },
    onAuth(auth, _session, done) {
      signIns.push(auth.username ?? "");
      if (auth.password === "right-password") return done(null, { user: auth.username });
      return done(Object.assign(new Error("wrong password"), { responseCode: 535 }));
    },
    onMailFrom(_address, _session, done) {
      if (refusal === null) return done();
      return done(Object.assign(new Error("not now"), { responseCode: refusal }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail = {
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(parts).toString("utf8"),
        };
        mails.push(mail);
        onMail?.(mail);
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    mails,
    signIns,
    refuseWith(code) {
      refusal = code;
    },
    hang(on) {
      hanging = on;
    },
    async close() {
      for (const connection of server.connections) Reflect.get(connection, "_socket")?.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
