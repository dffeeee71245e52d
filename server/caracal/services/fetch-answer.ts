import { messageOf } from "@/server/platform/errors";
import type { Answer } from "@/server/caracal/services/read-replica";

const maxBytes = 256 * 1024;
/** The reason when a host's name leads nowhere. */
export const unresolved = "its name does not resolve";

/** One GET, answered, refused or given up after `timeoutMs`; never throws. At most 256 KiB of the body are read. */
export async function fetchAnswer(
  url: string,
  options: { timeoutMs?: number; bearer?: string | null } = {},
): Promise<Answer> {
  const timeoutMs = options.timeoutMs ?? 2_000;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "manual",
      cache: "no-store",
      headers: options.bearer ? { authorization: `Bearer ${options.bearer}` } : {},
    });
    return { status: response.status, body: await readCapped(response) };
  } catch (error) {
    return { failed: reasonOf(error, timeoutMs) };
  }
}

async function readCapped(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error("answer is larger than 256 KiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ECONNRESET" || code === "UND_ERR_SOCKET") return "connection cut";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return unresolved;
  return messageOf(cause);
}
