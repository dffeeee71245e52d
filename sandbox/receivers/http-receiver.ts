import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly at: number };
/** What a receiver does with a request it has read. */
export type Behaviour =
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "hang" }
  | { readonly kind: "close" }
  | { readonly kind: "endless" }; // an answer whose body never ends

export type HttpReceiver = {
  readonly url: string;
  readonly host: string; // host:port, for an allow-list
  readonly received: readonly Received[];
  behave(how: Behaviour): void;
  close(): Promise<void>;
};

/** A real HTTP server on loopback that keeps what it was sent and answers as told; 202 until told otherwise. */
export async function openHttpReceiver(): Promise<HttpReceiver> {
  const received: Received[] = [];
  let how: Behaviour = { kind: "answer", status: 202 };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString("utf8"), at: Date.now() });
      const now = how;
      if (now.kind === "answer") response.writeHead(now.status, now.headers).end("ok");
      if (now.kind === "slow") setTimeout(() => response.writeHead(200).end("ok"), now.ms);
      if (now.kind === "close") request.socket.destroy();
      if (now.kind === "endless") {
        response.writeHead(200);
        const more = () => response.write("x".repeat(16_384), (error) => (error ? undefined : setImmediate(more)));
        more();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received,
    behave(next) {
      how = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
