import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { isAllowedHost, outboundAddresses, portOf, type Resolve } from "@/server/notifications/outbound-address";
import { DomainError } from "@/server/platform/errors";

export type GuardedRequest = {
  readonly url: string;
  readonly method?: "POST" | "PUT" | "GET";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly allowHosts: readonly string[]; // NOTIFY_ALLOW_HOSTS
  readonly timeoutMs?: number; // for the whole exchange: 10 s
  readonly resolve?: Resolve;
};
export type GuardedAnswer = { readonly status: number; readonly retryAfter: string | null; readonly body: Buffer };

const mostBytes = 65_536; // of an answer; the rest is not read

/**
 * One HTTP request to an address that somebody configured, which must not become a way into the inside: https only, and only
 * public addresses, unless the host is on the allow-list; the addresses are resolved once, checked, and connected to; a
 * redirect is an answer like any other and is never followed.
 * @throws DomainError forbidden for an address that is refused; the connection's own error, or TimeoutError, otherwise.
 */
export async function guardedRequest(options: GuardedRequest): Promise<GuardedAnswer> {
  const url = new URL(options.url);
  const port = portOf(url);
  const secure = url.protocol === "https:";
  if (!secure && (url.protocol !== "http:" || !isAllowedHost(url.hostname, port, options.allowHosts)))
    throw new DomainError(
      "forbidden",
      `${url.hostname} is not called without TLS: use https, or name it in NOTIFY_ALLOW_HOSTS.`,
    );
  const signal = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const addresses = await untilAborted(
    outboundAddresses({ host: url.hostname, port, allowed: options.allowHosts, resolve: options.resolve }),
    signal,
  );
  const [first] = addresses;
  const lookup: LookupFunction = (_host, { all }, done) => {
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? "", first?.family);
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
    const call = (secure ? tlsRequest : plainRequest)(
      url,
      {
        method: options.method ?? "POST",
        headers: { ...options.headers, "content-length": Buffer.byteLength(options.body ?? "") },
        agent: false,
        lookup,
        signal,
      },
      (answer) => {
        const parts: Buffer[] = [];
        let size = 0;
        const done = () => {
          const body = Buffer.concat(parts).subarray(0, mostBytes);
          resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"] ?? null, body });
          call.destroy();
        };
        answer.on("data", (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size >= mostBytes) done();
        });
        answer.on("end", done);
        answer.on("error", fail);
      },
    );
    call.on("error", fail);
    call.end(options.body);
  });
}

/** The resolver has no deadline of its own. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
