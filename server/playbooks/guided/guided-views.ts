import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { messageOf } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import { sharedRead } from "@/server/platform/shared-read";
import { exposureNow } from "@/server/playbooks/guided/exposure-facts";
import type {
  GuidedContext,
  GuidedRunRow,
  Looking,
  SettledRow,
  StepDeclaration,
} from "@/server/playbooks/guided/playbook";
import { playbookOf, stepsOf } from "@/server/playbooks/guided/playbooks";
import type { GuidedReport } from "@/server/playbooks/guided/reports.schemas";
import { loadGuidedRun, settledSteps, tickedChecks } from "@/server/playbooks/guided/run-rows";
import { signingOf } from "@/server/playbooks/guided/signing-of";
import type {
  GuidedRunSummary,
  GuidedRunView,
  GuidedStep,
  listGuidedInput,
  Probed,
} from "@/server/playbooks/guided/schemas";

type Viewer = Pick<Actor, "id" | "roles">;
type Shown = Looking & { readonly ticked: number };
const probeMs = 4_000;
const sharedMs = 2_000; // a page asks every 2.5 s

const summaryOf = (run: GuidedRunRow, settled: number): GuidedRunSummary => ({
  id: run.id,
  playbook: run.playbook,
  title: playbookOf(run.playbook).title,
  zone: run.zone_id === null || run.zone_name === null ? null : { id: run.zone_id, name: run.zone_name },
  service: run.service,
  drill: run.drill,
  state: run.state,
  incident: { id: run.incident_id, number: run.number },
  driver: { id: run.driver_id, name: run.driver_name },
  createdBy: { id: run.created_by_id, name: run.created_by_name },
  createdAt: run.created_at.toISOString(),
  settled,
  steps: stepsOf(run).length,
});

/**
 * Within its time, or not told: a source that hangs must not hold the page up. Asked once for every viewer of the run within two
 * seconds; what was given up waiting for runs on, and whoever asks next waits for it instead of beginning it beside itself.
 */
async function within<T>({ caracal, run, settled, ticked }: Shown, what: string, read: () => Promise<T>): Promise<T> {
  const work = sharedRead(caracal, `guided\n${run.id}\n${settled.size}\n${ticked}\n${what}`, sharedMs, read);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${probeMs / 1_000} s`)), probeMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function probed({ id, probe }: StepDeclaration, looking: Shown): Promise<Probed | null> {
  if (probe === undefined) return null;
  try {
    return await within(looking, `probe ${id}`, () => probe(looking));
  } catch (error) {
    return { done: null, sentence: messageOf(error) };
  }
}

type Told = { readonly report: GuidedReport | null; readonly unknown: string | null };

async function reported({ id, report }: StepDeclaration, looking: Shown): Promise<Told> {
  if (report === undefined) return { report: null, unknown: null };
  try {
    return { report: await within(looking, `report ${id}`, () => report(looking)), unknown: null };
  } catch (error) {
    return { report: null, unknown: messageOf(error) };
  }
}

/** A run with its steps; the probe of the current one, and of those that must go on holding, asked now. @throws not_found */
export async function getGuidedRun({
  ctx,
  input,
}: {
  ctx: GuidedContext & { readonly actor: Viewer; readonly signInId?: string };
  input: { runId: string };
}): Promise<GuidedRunView> {
  const run = await loadGuidedRun(ctx.db, ctx.actor, input.runId);
  const [rows, ticks] = await Promise.all([settledSteps(ctx.db, run.id), tickedChecks(ctx.db, run.id)]);
  const settled = new Map(rows.map((row): [string, SettledRow] => [row.step, row]));
  const steps = stepsOf(run);
  const current = run.state === "open" ? steps.find(({ id }) => !settled.has(id)) : undefined;
  const looking: Shown = { ...ctx, run, settled, thorough: false, ticked: ticks.length };
  const asked = (step: StepDeclaration) =>
    run.state === "open" && (step === current || (step.holds === true && settled.get(step.id)?.outcome === "done"));
  const [probes, told, signing, exposure] = await Promise.all([
    Promise.all(steps.map((step) => (asked(step) ? probed(step, looking) : null))),
    current === undefined ? null : reported(current, looking),
    Promise.all(steps.map((step) => signingOf(ctx, run, step, step === current))),
    run.state === "open"
      ? within(looking, "exposure", () => exposureNow(looking)).then(
          (items) => ({ items, unknown: null }),
          (error: unknown) => ({ items: [], unknown: messageOf(error) }),
        )
      : { items: [], unknown: null },
  ]);
  const { settled: _settled, steps: _steps, ...summary } = summaryOf(run, settled.size);
  return {
    ...summary,
    reason: run.reason,
    endedReason: run.ended_reason,
    exposure: exposure.items,
    exposureUnknown: exposure.unknown,
    steps: steps.map((step, at): GuidedStep => {
      const row = settled.get(step.id);
      return {
        id: step.id,
        title: step.title,
        what: step.what,
        kind: step.kind,
        status: row !== undefined ? "settled" : step === current ? "current" : "later",
        settled:
          row === undefined
            ? null
            : {
                outcome: row.outcome,
                by: row.by_name,
                at: row.settled_at.toISOString(),
                reason: row.reason,
                hash: row.hash,
                seen: row.seen,
              },
        probe: probes[at] ?? null,
        report: row?.kept ?? (step === current ? (told?.report ?? null) : null),
        reportUnknown: step === current ? (told?.unknown ?? null) : null,
        signing: signing[at] ?? null,
        act: step.act?.(run) ?? null,
        checks: (step.checks?.(ctx.caracal) ?? []).map((check) => {
          const tick = ticks.find(({ step: of, item }) => of === step.id && item === check.item);
          return {
            ...check,
            ticked: tick === undefined ? null : { by: tick.by_name, at: tick.ticked_at.toISOString(), note: tick.note },
          };
        }),
        ticksNeeded: step.ticksOffered !== true && !(step.byHand === true && probes[at]?.done === true),
        commands: step.commands?.(run) ?? [],
        skippable: step.skippable ?? false,
        byHand: step.byHand ?? false,
        wants:
          step.probe === undefined || (step.byHand === true && probes[at]?.done !== true)
            ? (step.wants ?? "nothing")
            : "nothing",
      };
    }),
  };
}

/** Runs that the viewer may see, newest first. @throws stale_cursor */
export async function listGuidedRuns({
  ctx: { db, actor },
  input,
}: {
  ctx: Pick<GuidedContext, "db"> & { readonly actor: Viewer };
  input: z.output<typeof listGuidedInput>;
}): Promise<Page<GuidedRunSummary>> {
  const [at, id] = decodeCursor("guided-runs", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await db.query<GuidedRunRow & { exact_at: string; settled: number }>(
    `SELECT r.*, i.number::int AS number, ${exactInstantSql("r.created_at")} AS exact_at,
            (SELECT count(*) FROM guided_steps s WHERE s.run_id = r.id)::int AS settled
       FROM guided_runs r JOIN incidents i ON i.id = r.incident_id
      WHERE ($1::timestamptz IS NULL OR (r.created_at, r.id) < ($1::timestamptz, $2::uuid)) AND ${visibleByIncident("r.incident_id", 4)}
      ORDER BY r.created_at DESC, r.id DESC LIMIT $3`,
    [at, id, input.limit + 1, ...viewerParams(actor)],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("guided-runs", {}, [last.exact_at, last.id]),
  );
  return {
    rows: page.map((run) => summaryOf(run, run.settled)),
    nextCursor,
  };
}
