import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const config = (folder: string) => `
[req]
distinguished_name = name
[name]
[stamper]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = authority
[authority]
serial = ${folder}/serial
crypto_device = builtin
signer_cert = ${folder}/stamper.pem
signer_key = ${folder}/stamper.key
certs = ${folder}/authority.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`;

export type TimeAuthority = {
  readonly url: string;
  readonly host: string; // as NOTIFY_ALLOW_HOSTS wants it
  readonly certificate: string; // path of the authority's own, for openssl -CAfile
  /** What it answers from now on: a time, the reply to an older request, or an error of its own. */
  behave(how: "stamp" | "replay" | "fail"): void;
  close(): Promise<void>;
};

/** An RFC 3161 authority made of openssl: real requests, real signed times. */
export async function startTimeAuthority(): Promise<TimeAuthority> {
  const folder = mkdtempSync(join(tmpdir(), "time-authority-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  writeFileSync(join(folder, "openssl.cnf"), config(folder));
  writeFileSync(join(folder, "serial"), "01\n");
  openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "authority.key",
    "-out",
    "authority.pem",
    "-subj",
    "/CN=Test authority",
    "-days",
    "2",
  );
  openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "stamper.key",
    "-out",
    "stamper.csr",
    "-subj",
    "/CN=Test stamper",
    "-config",
    "openssl.cnf",
  );
  openssl(
    "x509",
    "-req",
    "-in",
    "stamper.csr",
    "-CA",
    "authority.pem",
    "-CAkey",
    "authority.key",
    "-CAcreateserial",
    "-out",
    "stamper.pem",
    "-days",
    "2",
    "-extfile",
    "openssl.cnf",
    "-extensions",
    "stamper",
  );
  let behaviour: "stamp" | "replay" | "fail" = "stamp";
  let last: Buffer | null = null;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (behaviour === "fail") return response.writeHead(503).end("busy");
      if (behaviour === "replay" && last !== null) return response.end(last);
      writeFileSync(join(folder, "query.tsq"), Buffer.concat(parts));
      openssl("ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr");
      last = readFileSync(join(folder, "reply.tsr"));
      response.writeHead(200, { "content-type": "application/timestamp-reply" }).end(last);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/tsa`,
    host,
    certificate: join(folder, "authority.pem"),
    behave(how) {
      behaviour = how;
    },
    async close() {
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
