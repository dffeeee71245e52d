import { z } from "zod";
import type { ActionName } from "@/server/auth/action-policy";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import type { ZonesOfAct } from "@/server/investigation/schemas";
import { zonesOfStream } from "@/server/streams/acts/zones-of-stream";
import { idText } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

type Asked = { readonly db: Queryable; readonly actor: Actor; readonly input: unknown };

/**
 * What a mutation writes in Caracal. `nothing`: it changes the console's own rows, or reads. `approval`: it is about an act that two
 * people agree on, and its verb passes the guard with that act's zones. Else the act that one person does, and in which zones.
 */
export type Writes =
  | "nothing"
  | "approval"
  | { readonly action: ActionName; readonly zones: (asked: Asked) => ZonesOfAct | Promise<ZonesOfAct> };

/** The zone of a row that the caller may see. Where there is none, the verb says so: the guard has nothing to add. */
const zoneOfRow =
  (table: "playbook_runs" | "zone_freezes", field: "runId" | "freezeId") =>
  async ({ db, actor, input }: Asked): Promise<ZonesOfAct> => {
    const id = z.object({ [field]: z.uuid() }).safeParse(input);
    if (!id.success) return [];
    const rows = await db.query<{ zone_id: string }>(
      `SELECT r.zone_id FROM ${table} r WHERE r.id = $3 AND ${visibleByIncident("r.incident_id", 1)}`,
      [...viewerParams(actor), id.data[field]],
    );
    return rows.map(({ zone_id }) => zone_id);
  };

const givenZone = ({ input }: Asked): ZonesOfAct => {
  const given = z.object({ zoneId: idText }).safeParse(input);
  return given.success ? [given.data.zoneId] : [];
};

/** Letters of whichever zone go back to the log. */
const redrive: Writes = { action: "redrive-dead-letters", zones: () => "every" };
/** Pending entries of an audit stream may be of whichever zone. */
const onStream = (action: ActionName): Writes => ({
  action,
  zones: ({ input }) => zonesOfStream(z.object({ stream: z.string() }).safeParse(input).data?.stream ?? ""),
});
const revocation: Writes = { action: "revoke-subject", zones: zoneOfRow("playbook_runs", "runId") };

/**
 * Every mutation of the product, and what it writes in Caracal. One that is missing here is refused to everybody: whoever adds a
 * mutation says in this table what it touches, and thereby passes the guard of zones under tamper investigation.
 */
export const writesOf: Readonly<Record<string, Writes>> = {
  "keys.startInventory": "nothing", // reads only
  "keys.generateNextKek": "nothing", // a file of the console's own
  "keys.cancelJob": "nothing", // ends a job
  "keys.sweepAgain": { action: "re-encrypt-kek", zones: () => "every" },
  "guided.start": "nothing",
  "guided.settle": "nothing",
  "guided.tick": "nothing",
  "guided.sign": "nothing",
  "guided.takeOver": "nothing",
  "guided.abandon": "nothing",
  "guided.finish": "nothing",
  "services.logs": "nothing", // reads only
  "services.restart": { action: "restart-replica", zones: () => "every" }, // a container's log and files are evidence too
  "services.confirmRestart": "nothing", // what a person says of a restart that is ordered
  "services.cancelRestart": "nothing", // of what was not begun
  "services.hear": { action: "hear-consumers", zones: () => "every" }, // outbox rows and entries in the zone of whichever session is revoked
  "audit.startCheck": "nothing", // reads only
  "audit.anchorNow": "nothing",
  "audit.startComparison": "nothing", // reads only
  "audit.cancelComparison": "nothing", // reads only
  "audit.cancelCheck": "nothing",
  "audit.reveal": "nothing", // reads only
  "redrive.classify": "nothing", // reads only, and keeps the originals
  "redrive.start": redrive,
  "redrive.setRate": "nothing", // of what was let through when it was started
  "redrive.pause": "nothing",
  "redrive.resume": redrive,
  "redrive.cancel": "nothing",
  "streams.claim": onStream("claim-pending"),
  "streams.claimBack": "nothing", // of what was let through when it was claimed
  "streams.ackProved": onStream("ack-proved"),
  "streams.destroyConsumer": onStream("destroy-consumer"),
  "system.declareSignal": "nothing",
  "system.clearSignal": "nothing",
  "system.signOutEverywhere": "nothing",
  "system.endSignIn": "nothing",
  "playbooks.start": "nothing",
  "playbooks.confirmSubject": "nothing",
  "playbooks.revoke": revocation,
  "playbooks.sweepAgain": revocation,
  "playbooks.publishAgain": revocation,
  "playbooks.startWaiting": "nothing",
  "playbooks.tick": "nothing",
  "playbooks.finish": "nothing",
  "playbooks.abandon": "nothing",
  "playbooks.takeOver": "nothing",
  "notifications.saveRules": "nothing",
  "notifications.test": "nothing",
  "notifications.addMaintenance": "nothing",
  "notifications.endMaintenance": "nothing",
  "incidents.declare": "nothing",
  "incidents.changeSeverity": "nothing",
  "incidents.move": "nothing",
  "incidents.restrict": "nothing",
  "incidents.setRole": "nothing",
  "incidents.addMember": "nothing",
  "incidents.removeMember": "nothing",
  "incidents.merge": "nothing",
  "incidents.addLink": "nothing",
  "incidents.removeLink": "nothing",
  "incidents.note": "nothing",
  "incidents.pin": "nothing",
  "incidents.acknowledge": "nothing",
  "brakes.thaw": { action: "thaw-zone", zones: zoneOfRow("zone_freezes", "freezeId") },
  "brakes.replaceSecret": { action: "replace-application-secret", zones: givenZone },
  "signals.acknowledge": "nothing",
  "signals.snooze": "nothing",
  "approvals.request": "approval",
  "approvals.vote": "nothing",
  "approvals.withdraw": "nothing",
  "approvals.cancel": "nothing",
  "approvals.execute": "approval",
  "approvals.reauthenticate": "nothing",
  "approvals.breakGlassAsk": "nothing",
  "approvals.breakGlassConfirm": "nothing",
  "approvals.breakGlassEnd": "nothing",
  "approvals.breakGlassReview": "nothing",
  "vault.preserve": "nothing", // reads, and writes to the vault
  "vault.redo": "nothing",
  "vault.cancel": "nothing",
  "vault.view": "nothing",
  "vault.verify": "nothing",
  "vault.handOver": "nothing",
  "watches.pin": "nothing",
  "watches.unpin": "nothing",
  "postMortems.save": "nothing",
  "postMortems.signOff": "nothing",
  "postMortems.withdrawSignOff": "nothing",
  "postMortems.addFollowUp": "nothing",
  "postMortems.changeFollowUp": "nothing",
};
