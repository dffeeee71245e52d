import { z } from "zod";
import { DomainError, messageOf } from "@/server/platform/errors";
import type { AdapterParts } from "@/server/services/adapter/command-adapter";
import type { LogText, RuntimeAdapter } from "@/server/services/adapter/adapter";
import { placeIn } from "@/server/services/adapter/places";

const maxBytes = 8 * 1024 * 1024;
const answered = z.object({ said: z.string() });
const refused = z.object({ problem: z.string() });

/** The body, read no further than the limit. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return "";
  for await (const chunk of response.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error("it answered more than 8 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A supervisor of processes that takes orders over HTTP on loopback, with a bearer token: the stand-in of demo, drills and tests. */
export function processAdapter(
  { url, token }: { readonly url: string; readonly token: string },
  { places, replicas, clean }: AdapterParts,
): RuntimeAdapter {
  async function ask(verb: string, target: string, timeoutMs: number): Promise<LogText> {
    let body: unknown;
    let status: number;
    try {
      const response = await fetch(`${url}/services/${encodeURIComponent(target)}/${verb}`, {
        method: "POST",
        redirect: "error",
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = response.status;
      body = JSON.parse(await textOf(response));
    } catch (error) {
      const late = error instanceof Error && error.name === "TimeoutError";
      throw new DomainError(
        "source_unreachable",
        late
          ? `The supervisor gave no answer within ${timeoutMs / 1_000} s. What it had begun may happen all the same.`
          : `The supervisor of the processes did not answer: ${messageOf(error)}.`,
        { failure: late ? "timed-out" : "unreachable" },
      );
    }
    if (status === 200) return clean.lines(answered.parse(body).said, false);
    const { problem } = refused.catch({ problem: `it answered ${status}` }).parse(body);
    throw clean.refusal(
      new DomainError("precondition_failed", `The supervisor refused: ${problem}`, { failure: "refused" }),
    );
  }
  const curl = (verb: string, target: string) =>
    `curl -fsS -X POST -H "authorization: Bearer $RUNTIME_PROCESS_TOKEN" ${url}/services/${target}/${verb}`;
  return {
    kind: "process",
    acts: true,
    keepsFiles: true,
    placeOf: (replica) => placeIn(places, replicas, replica),
    logs: ({ target }, lines) => ask(`logs?lines=${lines}`, target, 10_000),
    runs: async ({ target }) =>
      !(await ask("status", target, 5_000)).lines.some((line) => line.endsWith(" does not run")),
    async restart({ target }) {
      await ask("restart", target, 60_000);
    },
    commands: ({ target }) => ({
      logs: curl("logs?lines=200", target),
      restart: curl("restart", target),
      status: curl("status", target),
    }),
  };
}
