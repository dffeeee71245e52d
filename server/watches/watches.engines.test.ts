import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import { type IncidentStage, openIncidentStage } from "@/sandbox/incident-stage/stage";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import type { Series } from "@/server/live/snapshot";
import { watchedFigures } from "@/server/post-mortem/watched-figures";
import { listWatches } from "@/server/watches/list-watches";
import { pinFigure, unpinFigure } from "@/server/watches/pin-figure";
import { recordSamples } from "@/server/watches/record-samples";
import { mostSamples, mostWatches } from "@/server/watches/schemas";
import { thinSamples } from "@/server/watches/thin-samples";
import { createWatchRecorder } from "@/server/watches/watch-recorder";

const streams = Array.from({ length: mostWatches + 1 }, (_, at) => `s${at}`);
const snapshot = {
  ...emptySnapshot,
  sources: [{ id: "caracal-redis", status: "ok" }],
  streams: streams.map((name, at) => ({
    name,
    length: at * 10,
    entriesAdded: 0,
    perSecond: 0,
    groups: [],
    missingGroups: [],
  })),
} as unknown as typeof emptySnapshot;
const seriesOf = (name: string) => `stream:${name}:length`;
const remembered: Series["points"] = [
  [Date.now() - 120_000, 4],
  [Date.now() - 110_000, null],
  [Date.now() - 60_000, 6],
];
const collector = {
  snapshot: () => snapshot,
  history: ([key = ""]: readonly string[]) => [{ key, points: remembered }],
};

let stage: IncidentStage;
let incidentId: string;
beforeAll(async () => {
  stage = await openIncidentStage();
});
afterAll(() => stage?.close());
beforeEach(async () => {
  await stage.owner.query(
    "UPDATE incident_watches SET unpinned_at = now(), unpinned_by_id = 'x', unpinned_by_name = 'x' WHERE unpinned_at IS NULL",
  );
  ({ incidentId } = await stage.declare("dana"));
});

const pin = (name: string, series: string, incident = incidentId) =>
  pinFigure({ ctx: { ...stage.by(name), collector }, input: { incidentId: incident, series } });
const list = (name = "dana", incident = incidentId) =>
  listWatches({ ctx: stage.by(name), input: { incidentId: incident } });
const values = (...given: [string, number | null][]) => new Map(given);
/** Moves what was recorded back in time, as if that had passed. */
const later = (watchId: string, seconds: number) =>
  stage.owner.query("UPDATE incident_watch_samples SET at = at - make_interval(secs => $2) WHERE watch_id = $1", [
    watchId,
    seconds,
  ]);
const rows = async (watchId: string) =>
  (
    await stage.db.query<{ value: number | null }>(
      "SELECT value FROM incident_watch_samples WHERE watch_id = $1 ORDER BY at",
      [watchId],
    )
  ).map(({ value }) => value);

describe("pinning a figure", () => {
  test("takes along what is remembered, is on the timeline, and of five clicks at once one pins", async () => {
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => pin("dana", seriesOf("s3"))));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const [watch] = await list("vera");
    expect(watch).toMatchObject({
      label: "entries of s3",
      pinnedBy: "dana",
      unpinnedAt: null,
      lowest: 4,
      highest: 6,
      last: 6,
    });
    expect(watch?.points.map(([, value]) => value)).toEqual([4, null, 6]);
    expect((await stage.kinds(incidentId)).filter((kind) => kind === "incident.watching")).toHaveLength(1);
    const watchId = watch?.id ?? "";
    await unpinFigure({ ctx: stage.by("remy"), input: { watchId } });
    await expect(unpinFigure({ ctx: stage.by("remy"), input: { watchId } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await list()).toMatchObject([{ unpinnedBy: "remy", highest: 6 }]);
    await pin("dana", seriesOf("s3")); // once more, beside what was kept
    expect(await list()).toHaveLength(2);
  });

  test("is refused for what nobody samples, for an incident that is over, and beyond twenty", async () => {
    await expect(pin("dana", "stream:none:length")).rejects.toMatchObject({ code: "not_found" });
    for (const name of streams.slice(0, mostWatches)) await pin("dana", seriesOf(name));
    await expect(pin("dana", seriesOf(streams.at(-1) ?? ""))).rejects.toMatchObject({ code: "precondition_failed" });
    await stage.move("dana", incidentId, "resolve");
    await expect(pin("dana", seriesOf("s1"))).rejects.toMatchObject({ code: "precondition_failed" });
  });

  test("of a restricted incident is there for nobody else", async () => {
    const secret = (await stage.declare("sol", { restricted: true })).incidentId;
    const { watchId } = await pin("sol", seriesOf("s1"), secret);
    for (const attempt of [
      () => pin("remy", seriesOf("s2"), secret),
      () => list("remy", secret),
      () => unpinFigure({ ctx: stage.by("remy"), input: { watchId } }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: "not_found" });
    expect(await list("sol", secret)).toMatchObject([{ unpinnedAt: null }]);
  });
});

describe("recording", () => {
  test("one sample in ten seconds whoever asks how often; a source that is away is one gap, and so is a time without a recorder", async () => {
    const { watchId } = await pin("dana", seriesOf("s1"));
    await stage.owner.query("DELETE FROM incident_watch_samples WHERE watch_id = $1", [watchId]);
    await Promise.all([1, 2, 3].map(() => recordSamples(stage.db, values([seriesOf("s1"), 5]))));
    await recordSamples(stage.db, values([seriesOf("s1"), 6]));
    expect((await rows(watchId)).length).toBeLessThanOrEqual(3);
    await stage.owner.query("DELETE FROM incident_watch_samples WHERE watch_id = $1", [watchId]);
    await recordSamples(stage.db, values([seriesOf("s1"), 5]));
    expect(await recordSamples(stage.db, values([seriesOf("s1"), 6]))).toBe(0);
    for (const value of [7, null, null, null, 9]) {
      await later(watchId, 10);
      await recordSamples(stage.db, values([seriesOf("s1"), value]));
    }
    expect(await rows(watchId)).toEqual([5, 7, null, 9]);
    await later(watchId, 600);
    await recordSamples(stage.db, values([seriesOf("s1"), 11]));
    expect(await rows(watchId)).toEqual([5, 7, null, 9, null, 11]);
    await later(watchId, 600);
    await recordSamples(stage.db, values());
    expect((await rows(watchId)).slice(-2)).toEqual([11, null]);
  });

  test("ends with the pin, with the resolution, and at the most that is kept", async () => {
    const [ended, full] = [await pin("dana", seriesOf("s1")), await pin("dana", seriesOf("s2"))];
    await unpinFigure({ ctx: stage.by("dana"), input: { watchId: ended.watchId } });
    await stage.owner.query(
      "INSERT INTO incident_watch_samples SELECT $1, now() - make_interval(secs => 100 + n), n FROM generate_series(1, $2) AS n",
      [full.watchId, mostSamples],
    );
    const before = [(await rows(ended.watchId)).length, (await rows(full.watchId)).length];
    await recordSamples(stage.db, values([seriesOf("s1"), 1], [seriesOf("s2"), 1]));
    expect([(await rows(ended.watchId)).length, (await rows(full.watchId)).length]).toEqual(before);
    expect((await list()).map((watch) => watch.full)).toEqual([false, true]);
    const third = await pin("dana", seriesOf("s3"));
    await later(third.watchId, 20);
    await stage.move("dana", incidentId, "resolve");
    expect(await recordSamples(stage.db, values([seriesOf("s3"), 1]))).toBe(0);
  });

  test("is one replica's work at a time, from its own collector", async () => {
    const { watchId } = await pin("dana", seriesOf("s7"));
    await stage.owner.query("DELETE FROM incident_watch_samples WHERE watch_id = $1", [watchId]);
    const recorders = [1, 2, 3].map(() => createWatchRecorder({ db: stage.db, collector, everyMs: 20 }));
    for (const recorder of recorders) recorder.start();
    await expect.poll(() => rows(watchId)).toEqual([70]);
    await Promise.all(recorders.map((recorder) => recorder.stop()));
    expect(await rows(watchId)).toEqual([70]);
  });

  test("goes over with a merge, and so do guided runs", async () => {
    const into = await stage.declare("dana");
    const { watchId } = await pin("dana", seriesOf("s1"));
    await pin("dana", seriesOf("s2"));
    await pin("dana", seriesOf("s2"), into.incidentId);
    await mergeIncidents({ ctx: stage.by("dana"), input: { incidentId, intoId: into.incidentId, reason: "The same" } });
    expect((await list("dana", into.incidentId)).map(({ series }) => series).sort()).toEqual([
      seriesOf("s1"),
      seriesOf("s2"),
    ]);
    await later(watchId, 20);
    expect(await recordSamples(stage.db, values([seriesOf("s1"), 1]))).toBeGreaterThan(0);
  });
});

test("thinning keeps ends, extremes and gaps of every bucket: no figure changes, and far fewer rows are left", async () => {
  const { watchId } = await pin("dana", seriesOf("s1"));
  await stage.owner.query("DELETE FROM incident_watch_samples WHERE watch_id = $1", [watchId]);
  await stage.owner.query(
    `INSERT INTO incident_watch_samples SELECT $1, now() - make_interval(secs => 10 * n),
       CASE WHEN n % 977 = 0 THEN NULL ELSE (n * 7919) % 1000 + CASE WHEN n = 4001 THEN 100000 ELSE 0 END END FROM generate_series(1, 8640) AS n`,
    [watchId],
  );
  const figures = async () => (await watchedFigures(stage.db, incidentId, null))[0];
  const before = await figures();
  expect(before?.highest).toBeGreaterThan(100_000);
  const gaps = (await rows(watchId)).filter((value) => value === null).length;
  await thinSamples(stage.db, watchId);
  const left = await rows(watchId);
  expect(left.length).toBeLessThan(8_640 / 4);
  expect(left.filter((value) => value === null)).toHaveLength(gaps);
  expect(await figures()).toEqual(before);
  await thinSamples(stage.db, watchId);
  expect((await rows(watchId)).length).toBe(left.length); // what was thinned stays as it is
  const [view] = await list();
  expect(view?.points.length).toBeLessThanOrEqual(300);
  expect(view?.points.filter(([, value]) => value === null)).toHaveLength(gaps);
  expect(view).toMatchObject({ highest: before?.highest, lowest: before?.lowest });
});
