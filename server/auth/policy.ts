import { policyOf } from "@/server/auth/action-policy";
import type { Role } from "@/server/auth/roles";

const everyone: readonly Role[] = ["viewer", "responder", "approver", "security", "compliance", "admin"];
const writers: readonly Role[] = ["responder", "approver", "security", "compliance", "admin"];
const responders: readonly Role[] = ["responder", "security", "admin"];

/**
 * Which roles may call which tRPC procedure; shown in Settings as it is enforced. The procedure middleware refuses
 * whatever is not in this table, and a test walks the router to find procedures that are missing here.
 */
export const procedurePolicy: Readonly<Record<string, readonly Role[]>> = {
  "sessions.list": everyone,
  "sessions.get": everyone,
  "sessions.zones": everyone,
  "keys.list": everyone,
  "keys.keks": everyone, // fingerprints only
  "keys.jobs": everyone,
  "keys.job": everyone,
  "keys.jobZones": everyone,
  "keys.inventoryZones": everyone,
  "keys.findings": everyone,
  "keys.windowIssuances": everyone,
  "keys.windowAllows": everyone,
  "keys.windowSessions": everyone,
  "keys.startInventory": ["responder", "approver", "security"], // reads only
  "keys.generateNextKek": ["responder", "security"],
  "keys.cancelJob": ["responder", "security"],
  "keys.sweepAgain": ["responder", "security"],
  "guided.runs": everyone,
  "guided.run": everyone,
  "guided.start": ["responder", "security"],
  "guided.settle": ["responder", "security"],
  "guided.tick": ["responder", "security"],
  "guided.takeOver": ["responder", "security"],
  "guided.abandon": ["responder", "security"],
  "guided.finish": ["responder", "security"],
  "services.view": everyone,
  "services.logs": ["responder", "security"], // what services say may name people
  "services.restart": policyOf("restart-replica").roles,
  "services.confirmRestart": policyOf("restart-replica").roles,
  "services.hear": ["responder", "security"],
  "audit.search": everyone,
  "audit.overview": everyone,
  "audit.checks": everyone,
  "audit.check": everyone,
  "audit.findings": everyone,
  "audit.startCheck": ["responder", "security", "compliance"],
  "audit.cancelCheck": ["responder", "security", "compliance"],
  "audit.event": everyone, // what is sensitive in it hidden
  "audit.verdict": everyone,
  "audit.reveal": ["security", "compliance", "admin"], // with a reason, on the record
  "audit.likelyEvents": everyone,
  "audit.vocabulary": everyone,
  "streams.entries": everyone,
  "streams.pending": everyone,
  "streams.consumers": everyone,
  "streams.deadLetters": everyone,
  "redrive.classify": ["responder", "security"], // reads only, and keeps the originals
  "redrive.runs": everyone,
  "redrive.run": everyone,
  "redrive.groups": everyone,
  "redrive.entries": everyone,
  "redrive.history": everyone,
  "redrive.start": policyOf("redrive-dead-letters").roles,
  "redrive.setRate": policyOf("redrive-dead-letters").roles,
  "redrive.pause": policyOf("redrive-dead-letters").roles,
  "redrive.resume": policyOf("redrive-dead-letters").roles,
  "redrive.cancel": policyOf("redrive-dead-letters").roles,
  "system.me": everyone,
  "system.snapshot": everyone,
  "system.live": everyone,
  "system.history": everyone,
  "system.configuration": everyone,
  "system.declareSignal": responders,
  "system.clearSignal": responders,
  "system.signOutEverywhere": everyone, // own sign-ins only
  "system.signIns": ["admin"],
  "system.endSignIn": ["admin"],
  "playbooks.runs": everyone,
  "playbooks.run": everyone,
  "playbooks.fleet": everyone,
  "playbooks.log": everyone,
  "playbooks.start": ["responder"],
  "playbooks.confirmSubject": ["responder"],
  "playbooks.revoke": ["responder"],
  "playbooks.sweepAgain": ["responder"],
  "playbooks.publishAgain": ["responder"],
  "playbooks.startWaiting": ["responder"],
  "playbooks.tick": ["responder"],
  "playbooks.finish": ["responder"],
  "playbooks.abandon": ["responder"],
  "playbooks.takeOver": ["responder"],
  "notifications.rules": everyone,
  "notifications.saveRules": ["admin"],
  "notifications.channels": everyone,
  "notifications.test": ["security", "admin"],
  "notifications.preview": everyone,
  "notifications.deliveries": everyone,
  "notifications.maintenance": everyone,
  "notifications.addMaintenance": ["security", "admin"],
  "notifications.endMaintenance": ["security", "admin"],
  "incidents.list": everyone,
  "incidents.get": everyone,
  "incidents.timeline": everyone,
  "incidents.verify": everyone,
  "incidents.people": everyone,
  "incidents.declare": writers,
  "incidents.changeSeverity": writers,
  "incidents.move": writers,
  "incidents.restrict": responders,
  "incidents.setRole": writers,
  "incidents.addMember": writers,
  "incidents.removeMember": writers,
  "incidents.merge": writers,
  "incidents.addLink": writers,
  "incidents.removeLink": writers,
  "incidents.note": writers,
  "incidents.pin": writers,
  "incidents.acknowledge": writers,
  "brakes.freezes": everyone,
  "brakes.freeze": everyone,
  "brakes.applications": everyone,
  "brakes.providerTokens": everyone,
  "brakes.thaw": policyOf("thaw-zone").roles,
  "brakes.replaceSecret": policyOf("replace-application-secret").roles,
  "signals.open": everyone,
  "signals.acknowledge": writers,
  "signals.snooze": responders,
  "approvals.list": everyone,
  "approvals.get": everyone,
  "approvals.preview": ["responder", "security"],
  "approvals.request": ["responder", "security"], // and one of the action's own roles
  "approvals.vote": ["responder", "approver", "security"], // and one of the action's voters
  "approvals.withdraw": everyone, // own vote only
  "approvals.cancel": everyone, // own request, or an admin
  "approvals.execute": ["responder", "security"], // and one of the action's own roles
  "approvals.reauthenticate": everyone,
  "approvals.breakGlassState": everyone,
  "approvals.breakGlassAsk": writers,
  "approvals.breakGlassConfirm": writers,
  "approvals.breakGlassEnd": everyone, // one of the two, security or an admin
  "approvals.breakGlassReview": ["security", "compliance", "admin"], // who had no part in it
  "vault.list": everyone,
  "vault.get": everyone,
  "vault.estimate": everyone,
  "vault.retention": everyone,
  "vault.view": everyone, // own look, for the custody log
  "vault.preserve": ["responder", "security", "compliance"],
  "vault.redo": ["responder", "security", "compliance"],
  "vault.cancel": ["responder", "security", "compliance"],
  "vault.verify": ["responder", "security", "compliance"],
  "vault.handOver": ["security", "compliance"],
  "postMortems.list": everyone,
  "postMortems.months": everyone,
  "postMortems.get": everyone,
  "postMortems.save": writers,
  "postMortems.signOff": writers,
  "postMortems.withdrawSignOff": writers,
  "postMortems.addFollowUp": writers,
  "postMortems.changeFollowUp": writers,
};

/** True when one of the person's roles is listed for the procedure; unknown procedures are refused. */
export function mayCall(path: string, held: readonly Role[]): boolean {
  return (procedurePolicy[path] ?? []).some((role) => held.includes(role));
}
