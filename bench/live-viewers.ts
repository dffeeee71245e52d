import { get } from "node:http";
import type { Page } from "@playwright/test";
import type { Snapshot } from "@/server/live/snapshot";

/** When a viewer was shown which length of the stream; epoch milliseconds of this machine's one clock. */
export type Sighting = { readonly at: number; readonly length: number };
export type Viewer = { sightings(): Promise<readonly Sighting[]>; close(): void };

/** The page of one stream in a real browser: a sighting is the frame in which the figure in its heading has changed. */
export async function openPageViewer(page: Page, stream: string): Promise<Viewer> {
  await page.goto(`/streams/${stream}`);
  const heading = page.locator("div:has(> h1)", { hasText: /[\d,]+\s*entr(y|ies)/ });
  await heading.waitFor();
  await heading.evaluate((element) => {
    const sightings: Sighting[] = [];
    Object.assign(window, { sightings });
    new MutationObserver(() =>
      requestAnimationFrame(() => {
        const shown = /([\d,]+)\s*entr(y|ies)/.exec(element.textContent ?? "")?.[1];
        if (shown !== undefined) sightings.push({ at: Date.now(), length: Number(shown.replaceAll(",", "")) });
      }),
    ).observe(element, { subtree: true, childList: true, characterData: true });
  });
  return {
    sightings: () => page.evaluate<Sighting[]>("window.sightings"),
    close: () => undefined, // its browser goes on for the next window
  };
}

/** A viewer without a page: the same live subscription over HTTP. Resolves with its first snapshot. */
export function openHttpViewer(options: {
  readonly url: string;
  readonly cookie: string;
  readonly stream: string;
}): Promise<Viewer> {
  const { url, cookie, stream } = options;
  const input = encodeURIComponent(JSON.stringify({ json: { runs: [] } }));
  const sightings: Sighting[] = [];
  return new Promise((resolve, reject) => {
    const request = get(
      `${url}/api/trpc/system.live?input=${input}`,
      { agent: false, headers: { cookie, accept: "text/event-stream" } },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`the live subscription answers ${response.statusCode}`));
        response.setEncoding("utf8");
        let waiting = "";
        response.on("data", (chunk: string) => {
          const at = Date.now();
          const events = `${waiting}${chunk}`.split("\n\n");
          waiting = events.pop() ?? "";
          for (const event of events) {
            const length = lengthIn(event, stream);
            if (length !== null) sightings.push({ at, length });
          }
          if (sightings.length > 0) resolve({ sightings: async () => sightings, close: () => request.destroy() });
        });
        response.on("close", () => reject(new Error("the live subscription ended before its first snapshot")));
        response.on("error", () => undefined); // closing cuts it; one cut by the server shows as sightings that never came
      },
    );
    request.setTimeout(15_000, () => request.destroy(new Error("the live subscription was silent for 15 s")));
    request.on("error", reject); // after the first snapshot this changes nothing
  });
}

/** The stream's length in one server-sent event, null when the event is no snapshot (a ping, the greeting). */
function lengthIn(event: string, stream: string): number | null {
  const data = /^data: ?(.*)$/m.exec(event)?.[1];
  if (data === undefined || !data.includes('"snapshot"')) return null;
  const message = JSON.parse(data) as { json: { snapshot?: Snapshot } };
  return message.json.snapshot?.streams.find(({ name }) => name === stream)?.length ?? null;
}
