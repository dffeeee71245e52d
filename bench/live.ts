import { setTimeout as delay } from "node:timers/promises";
import { type LiveStage, openLiveStage } from "./live-stage";
import { openHttpViewer, openPageViewer, type Sighting, type Viewer } from "./live-viewers";
import { type BenchReport, median } from "./result";

const crowd = 200;
const turns = 2;
const addsPerWindow = 30; // about 24 s
const patienceMs = 10_000;
const stream = "caracal.agents.lifecycle"; // nothing else writes to it here

type Window = {
  readonly latencies: readonly (readonly number[])[]; // ms, by viewer; the page is the first
  readonly missed: number;
  readonly commandsPerSecond: number;
};

/** How long after its XADD a viewer first saw each length; `patienceMs` for what it never saw. */
function latenciesOf(sightings: readonly Sighting[], sent: readonly number[], before: number): number[] {
  return sent.map((at, nth) => {
    const seen = sightings.find(({ length }) => length > before + nth);
    return seen === undefined ? patienceMs : seen.at - at;
  });
}

async function untilSeen(viewers: readonly Viewer[], length: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const last = await Promise.all(viewers.map(async (viewer) => (await viewer.sightings()).at(-1)?.length ?? 0));
    if (last.every((shown) => shown >= length)) return;
    await delay(100);
  }
}

/** Entries at random phases of the sampling second, seen by `viewers`, while the console's commands are counted. */
async function watchWindow(stage: LiveStage, viewers: readonly Viewer[], adds: number): Promise<Window> {
  const before = await stage.redis.xlen(stream);
  const rate = await stage.countCommands();
  const sent: number[] = [];
  while (sent.length < adds) {
    await delay(300 + Math.random() * 1_000);
    sent.push(Date.now());
    await stage.redis.xadd(stream, "*", "event", "spawned");
  }
  const commandsPerSecond = rate();
  await untilSeen(viewers, before + adds);
  const latencies = await Promise.all(
    viewers.map(async (viewer) => latenciesOf(await viewer.sightings(), sent, before)),
  );
  return { latencies, missed: latencies.flat().filter((ms) => ms === patienceMs).length, commandsPerSecond };
}

async function crowdWindow(stage: LiveStage, page: Viewer): Promise<Window> {
  const { url, cookie } = stage;
  const others = await Promise.all(Array.from({ length: crowd - 1 }, () => openHttpViewer({ url, cookie, stream })));
  try {
    return await watchWindow(stage, [page, ...others], addsPerWindow);
  } finally {
    for (const viewer of others) viewer.close();
  }
}

/** In seconds, nearest rank. */
function percentile(milliseconds: readonly number[], share: number): number {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) / 1_000;
}

function reportOf(alone: readonly Window[], crowded: readonly Window[]): BenchReport {
  const all = (windows: readonly Window[]) => windows.flatMap(({ latencies }) => latencies.flat());
  const inPage = crowded.flatMap(({ latencies }) => latencies[0] ?? []);
  const rate = (windows: readonly Window[]) => median(windows.map((window) => window.commandsPerSecond));
  const slow = percentile(all(crowded), 0.95);
  const ratio = rate(crowded) / rate(alone);
  const seconds = (figure: string, value: number) => ({ figure, value, unit: "s" });
  return {
    name: "live",
    entries: [
      {
        bench: "live",
        figure: `XADD to browser, p95 with ${crowd} viewers`,
        value: slow,
        unit: "s",
        against: null,
        ratio: null,
        goal: "value <= 1.5",
        pass: slow <= 1.5,
      },
      {
        bench: "live",
        figure: `Redis commands of the console per second with ${crowd} viewers`,
        value: rate(crowded),
        unit: "1/s",
        against: "one viewer",
        ratio,
        goal: "ratio <= 1.1",
        pass: ratio <= 1.1,
      },
    ],
    notes: [
      seconds("XADD to browser, p50 with 1 viewer (a page in Chromium)", percentile(all(alone), 0.5)),
      seconds("XADD to browser, p95 with 1 viewer", percentile(all(alone), 0.95)),
      seconds(`XADD to browser, p50 with ${crowd} viewers`, percentile(all(crowded), 0.5)),
      seconds(`the page in Chromium alone, p50 with ${crowd} viewers`, percentile(inPage, 0.5)),
      seconds(`the page in Chromium alone, p95 with ${crowd} viewers`, percentile(inPage, 0.95)),
      seconds(`the slowest of all with ${crowd} viewers`, percentile(all(crowded), 1)),
      { figure: "Redis commands of the console per second with 1 viewer", value: rate(alone), unit: "1/s" },
      { figure: `receptions with ${crowd} viewers`, value: all(crowded).length, unit: "" },
      {
        figure: `of them never within ${patienceMs / 1_000} s`,
        value: crowded.reduce((sum, { missed }) => sum + missed, 0),
        unit: "",
      },
    ],
  };
}

/**
 * What live viewing costs: from an XADD to the figure on a viewer's screen, and Redis commands for it, with one viewer (a page
 * in a real browser) and with 200 (that page and 199 subscriptions over HTTP), taking turns against one production console.
 */
export async function bench(): Promise<BenchReport> {
  const stage = await openLiveStage();
  try {
    const page = await openPageViewer(stage.page, stream);
    await watchWindow(stage, [page], 5); // warm
    const [alone, crowded]: [Window[], Window[]] = [[], []];
    for (let turn = 0; turn < turns; turn += 1) {
      console.log(`turn ${turn + 1} of ${turns}: one viewer, then ${crowd}`);
      alone.push(await watchWindow(stage, [page], addsPerWindow));
      crowded.push(await crowdWindow(stage, page));
    }
    return reportOf(alone, crowded);
  } catch (error) {
    console.error("the bench failed:", error); // before closing, which cuts connections and would hide it
    throw error;
  } finally {
    await stage.close();
  }
}
