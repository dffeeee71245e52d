import { createServer, type IncomingMessage, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export type Request = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown; // parsed JSON, or null
};
export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
export type Handler = (request: Request) => Promise<Answer> | Answer;

const json = "application/json";
export const empty = (status = 200): Answer => ({ status, body: "" });
/** Go's http.Error: the text and a newline. */
export const goError = (status: number, text: string): Answer => ({
  status,
  body: `${text}\n`,
  type: "text/plain; charset=utf-8",
});
/** Go's json.Encoder: the value and a newline. */
export const goJsonAnswer = (status: number, value: unknown): Answer => ({
  status,
  body: `${JSON.stringify(value)}\n`,
  type: json,
});
export const jsonAnswer = (status: number, value: unknown): Answer => ({
  status,
  body: JSON.stringify(value),
  type: json,
});
/** Fastify's own 404. */
export const routeNotFound = ({ method, path }: Request): Answer =>
  jsonAnswer(404, { message: `Route ${method}:${path} not found`, error: "Not Found", statusCode: 404 });

const bodyLimit = 1_000_000;

async function readBody(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new Error("body too large");
    chunks.push(chunk);
  }
  return size === 0 ? null : (JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown);
}

const isLoopback = (address: string | undefined): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address ?? "");

/**
 * Serves `handler` on host and port. `POST /__sandbox/slow?ms=N`, from loopback only, delays every later answer by N ms:
 * the fault switch for a service that is slow without being stopped.
 */
export function serve(host: string, port: number, handler: Handler): Promise<Server> {
  let slowness = 0;
  const answer = async (message: IncomingMessage): Promise<Answer> => {
    const url = new URL(message.url ?? "/", "http://service");
    if (message.method === "POST" && url.pathname === "/__sandbox/slow" && isLoopback(message.socket.remoteAddress)) {
      slowness = Math.min(Math.max(Number(url.searchParams.get("ms") ?? 0) || 0, 0), 60_000);
      return jsonAnswer(200, { ms: slowness });
    }
    if (slowness > 0) await delay(slowness);
    let body: unknown;
    try {
      body = await readBody(message);
    } catch {
      return jsonAnswer(400, { error: "invalid_body" });
    }
    return handler({
      method: message.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body,
    });
  };
  const server = createServer((message, response) => {
    answer(message).then(
      ({ status, body, type, headers }) => {
        response.writeHead(status, { ...(type === undefined ? {} : { "content-type": type }), ...headers });
        response.end(body);
      },
      (error: unknown) => {
        console.error(message.method, message.url, error);
        response.writeHead(500, { "content-type": json });
        response.end(JSON.stringify({ error: "internal_error" }));
      },
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** The bearer token of a request, or null. */
export function bearer(request: Request): string | null {
  const value = request.headers.authorization ?? "";
  return value.startsWith("Bearer ") ? value.slice("Bearer ".length) : null;
}

/** A text member of a JSON body, or "". */
export function bodyText(request: Request, name: string): string {
  if (typeof request.body !== "object" || request.body === null) return "";
  const value = new Map<string, unknown>(Object.entries(request.body)).get(name);
  return typeof value === "string" ? value : "";
}
