import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, type NotifierStage, openNotifierStage } from "@/sandbox/receivers/notifier-stage";
import { type Certificate, openSmtpReceiver, type SmtpReceiver } from "@/sandbox/receivers/smtp-receiver";
import { testChannel } from "@/server/notifications/test-channel";

let stage: NotifierStage;
let server: SmtpReceiver;
let child: ChildProcess | null = null;
const folder = mkdtempSync(join(tmpdir(), "caracal-mail-"));
const script = fileURLToPath(new URL("../../sandbox/receivers/notifier-process.ts", import.meta.url));

/** A certificate for 127.0.0.1 that nobody vouches for but itself. */
function selfSigned(): Certificate {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"];
  execFileSync("openssl", [...made, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
const certificate = selfSigned();

beforeEach(async () => {
  stage = await openNotifierStage();
  server = await openSmtpReceiver({ certificate });
});
afterEach(async () => {
  child?.kill("SIGKILL");
  child = null;
  await stage.close();
  await server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const mail = (changes: object = {}) => ({
  name: "mail",
  kind: "smtp",
  host: "127.0.0.1",
  port: server.port,
  security: "none",
  from: "Caracal console <caracal@example.org>",
  to: { "on-call": ["oncall@example.org", "second@example.org"], compliance: ["audit@example.org"] },
  ...changes,
});
const start = (channel: object, allow?: readonly string[]) => stage.notify(stage.settings([channel], allow), 800);
const rows = () =>
  stage.owner.query<{ tier: string; state: string; attempts: number; reason: string | null }>(
    "SELECT tier, state, attempts, reason FROM notification_deliveries WHERE step = 1 ORDER BY tier",
  );

describe("e-mail", () => {
  it("reaches the tier's addresses with severity, one line and a link", async () => {
    const incident = await stage.incident();
    await stage.notice(incident.id, {
      tags: ["audit-loss", "tamper"],
      sentence: "Events lost: zöne a\r\nBcc: evil@example.org",
    });
    start(mail());
    await eventually(
      () => server.mails,
      (list) => list.length === 2,
    );
    const onCall = server.mails.find(({ to }) => to.length === 2);
    expect(onCall?.to).toEqual(["oncall@example.org", "second@example.org"]);
    expect(onCall?.from).toBe("caracal@example.org");
    expect(onCall?.raw).toContain(`https://console.example/incidents/${incident.id}`);
    expect(onCall?.raw).toMatch(/^Message-ID: <[0-9a-f-]{36}@caracal-console>/m);
    expect(onCall?.raw).not.toMatch(/^Bcc:/m);
    expect(server.mails.find(({ to }) => to.length === 1)?.to).toEqual(["audit@example.org"]);
    // security was asked for by a tag, but nobody is named for it: quiet, as the preview says
    await eventually(
      rows,
      (list) => list.map(({ tier, state }) => `${tier} ${state}`).join() === "compliance sent,on-call sent",
    );
  });

  it("is tried again after a passing refusal and a hanging server, not after a lasting one", async () => {
    server.refuseWith(451);
    await stage.notice((await stage.incident()).id);
    start(mail());
    await eventually(rows, ([one]) => one?.state === "waiting" && one.attempts === 1);
    server.refuseWith(null);
    server.hang(true);
    await stage.owner.query("UPDATE notification_deliveries SET due_at = now() WHERE step = 1");
    await eventually(rows, ([one]) => one?.state === "waiting" && one.attempts === 2);
    server.hang(false);
    await stage.owner.query("UPDATE notification_deliveries SET due_at = now() WHERE step = 1");
    await eventually(rows, ([one]) => one?.state === "sent" && one.attempts === 3);
    expect(server.mails).toHaveLength(1);
    server.refuseWith(550);
    await stage.notice((await stage.incident()).id, { kind: "clock-breached" });
    await eventually(rows, (list) => list.some(({ state, attempts }) => state === "failed" && attempts === 1));
  });

  it("is not sent in the clear when STARTTLS is asked for under a certificate that nobody vouches for", async () => {
    await stage.notice((await stage.incident()).id);
    start(mail({ security: "starttls", username: "console", password: "right-password" }));
    const [row] = await eventually(rows, ([one]) => (one?.attempts ?? 0) > 0 && one?.state === "waiting");
    expect(row?.reason).toMatch(/certificate/i);
    expect(row?.reason).not.toContain("right-password");
    expect(server.mails).toHaveLength(0);
    expect(server.signIns).toHaveLength(0);
  });

  it("goes out encrypted and signed in where the certificate is trusted", async () => {
    await stage.notice((await stage.incident()).id);
    const channel = mail({ security: "starttls", username: "console", password: "right-password" });
    child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(stage.environment([channel]))], {
      stdio: "ignore",
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "cert.pem") },
    });
    await eventually(rows, ([one]) => one?.state === "sent");
    expect(server.signIns).toEqual(["console"]);
    expect(server.mails).toHaveLength(1);
  });

  it("goes to no inside server that is not on the list", async () => {
    await stage.notice((await stage.incident()).id);
    start(mail(), ["mail.internal"]);
    const [row] = await eventually(rows, ([one]) => one?.state === "failed");
    expect(row?.reason).toContain("is not public (loopback)");
  });

  it("can be tried by hand, marked as a test, once in ten seconds", async () => {
    const ctx = { db: stage.db, settings: stage.settings([mail()]), actor: await stage.person("admin") };
    const result = await testChannel({ ctx, input: { channel: "mail" } });
    expect(result).toMatchObject({ delivered: true, detail: "the server took it for 2 of 2" });
    expect(server.mails[0]?.raw).toMatch(/^Subject: TEST from the Caracal console/m);
    await expect(testChannel({ ctx, input: { channel: "mail" } })).rejects.toMatchObject({ code: "rate_limited" });
    await expect(testChannel({ ctx, input: { channel: "fax" } })).rejects.toMatchObject({ code: "not_found" });
    const said = await stage.owner.query(
      "SELECT summary, actor_name FROM timeline_entries WHERE kind = 'notification.tested'",
    );
    expect(said).toEqual([
      { summary: "Tested mail: delivered, the server took it for 2 of 2", actor_name: "The admin" },
    ]);
  });
});
