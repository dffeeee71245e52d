export type ExportProgress = { readonly events: number; readonly bytes: number; readonly perSecond: number };

/** Reads a response to its end, telling how far it is; lines but the CSV's head are events. @throws when it is broken off or aborted */
export async function readExport(
  body: ReadableStream<Uint8Array>,
  headLines: number,
  onProgress: (progress: ExportProgress) => void,
  now: () => number = () => performance.now(),
): Promise<{ readonly parts: BlobPart[]; readonly events: number }> {
  const parts: BlobPart[] = [];
  const began = now();
  let bytes = 0;
  let lines = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const chunk = new Uint8Array(next.value);
    parts.push(chunk);
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines += 1;
    const events = Math.max(0, lines - headLines);
    onProgress({ events, bytes, perSecond: events / Math.max(0.001, (now() - began) / 1_000) });
  }
  return { parts, events: Math.max(0, lines - headLines) };
}

/** The name that the server gave the file. */
export const fileName = (disposition: string | null): string =>
  /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "audit-events";
