import { readSpools } from "@/server/keys/spools";
import { droppedInAll } from "@/server/playbooks/guided/judge-dropped";
import { noteBaseline } from "@/server/playbooks/guided/note-spools";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import { tickedChecks } from "@/server/playbooks/guided/run-rows";
import type { Probed } from "@/server/playbooks/guided/schemas";

/** How many audit events every STS has dropped, before this run and since, over its restarts (trap 15). They are gone, whatever is done. */
export async function droppedCounted({ db, caracal, run }: Looking): Promise<Probed> {
  const seen = await readSpools(caracal);
  if (seen.length === 0) return unknown("No STS address is configured.");
  const silent = seen.filter(({ dropped }) => dropped === null);
  if (silent.length > 0)
    return unknown(`${silent.map(({ replica }) => replica).join(", ")} did not say what it dropped.`);
  const { dropped } = await noteBaseline(db, run.id, seen);
  const lost = droppedInAll(dropped);
  const each = Object.entries(dropped).map(
    ([replica, { first, since }]) =>
      `${replica} ${first === null ? "did not say" : first} when this run began, ${since} more since`,
  );
  return {
    ...yes(
      `${lost === 0 ? "No audit event is known to be dropped" : `${lost} audit events were dropped and are gone`}: ${each.join("; ")}.`,
    ),
    figures: Object.entries(dropped).flatMap(([replica, { first, since }]) => [
      { name: `${replica} audit_dropped before`, value: first, source: `${replica} /metrics` },
      { name: `${replica} audit_dropped since`, value: since, source: `${replica} /metrics, over its restarts` },
    ]),
  };
}

/** Whether evidence was lost for good in this run, as its steps say: null: nothing was. */
async function losses({ run, settled }: Looking): Promise<string | null> {
  const lost = droppedInAll(run.baseline.dropped ?? {});
  const spool = settled.get("spool");
  const parts = [
    lost > 0 ? `${lost} audit events were dropped` : null,
    spool?.outcome === "skipped" ? `what waited in spools was not proved (${spool.reason ?? "no reason"})` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

/** Compliance was told, when evidence was lost or cannot be told whole; else nobody needs to be. */
export async function complianceTold(looking: Looking): Promise<Probed> {
  const lost = await losses(looking);
  if (lost === null) return yes("No evidence was lost that is known of: nobody needs to be told.");
  const ticks = await tickedChecks(looking.db, looking.run.id);
  const told = ticks.find(({ step, item }) => step === "compliance" && item === "compliance");
  return told === undefined
    ? no(`Compliance has to be told: ${lost}.`)
    : yes(`${told.by_name} told compliance: ${told.note}. Of what: ${lost}.`);
}
