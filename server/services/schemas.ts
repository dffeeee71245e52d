import { z } from "zod";
import { writtenText } from "@/server/platform/page";
import type { AdapterKind, PlaceCommands } from "@/server/services/adapter/adapter";

export const serviceKinds = ["sts", "gateway", "api", "audit", "coordinator"] as const;
const replicaName = z
  .string()
  .regex(/^(sts|gateway|api|audit|coordinator)-[1-9]\d{0,2}$/, "must be a replica like sts-1");

export const servicesInput = z.object({ kind: z.enum(serviceKinds).nullish() }); // none: every service
export const serviceLogsInput = z.object({
  replica: replicaName,
  lines: z.number().int().min(1).max(500).default(200),
  runId: z.uuid().nullish(),
});
export const restartInput = z.object({
  replica: replicaName,
  runId: z.uuid().nullish(), // the guided run that it is part of
  reason: writtenText(500).min(4),
});
export const confirmRestartInput = z.object({ restartId: z.uuid(), how: writtenText(500).min(4) }); // by whom, and how it is known
export const cancelRestartInput = z.object({ restartId: z.uuid(), reason: writtenText(500).min(4) });
export const orderInput = z.object({ orderId: z.uuid() });
export const restartServiceInput = z.object({ kind: z.enum(serviceKinds) });
export const hearInput = z.object({ runId: z.uuid(), kind: z.enum(["sts", "gateway"]) });

export type RestartState =
  | "ordered"
  | "by-hand"
  | "running"
  | "watching"
  | "proved"
  | "unproved"
  | "failed"
  | "cancelled";

export type RestartView = {
  readonly id: string;
  readonly target: string;
  readonly replicas: readonly string[];
  readonly state: RestartState;
  readonly sentence: string;
  readonly command: string;
  readonly by: string;
  readonly at: string;
};

/** Restarts that were ordered together: each begins when the one before is proved. */
export type RestartOrder = {
  readonly id: string;
  readonly incidentId: string | null;
  readonly approvalId: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
  readonly restarts: readonly RestartView[];
};

/** A replica as the playbooks about services show it. */
export type ReplicaRow = {
  readonly replica: string;
  readonly kind: (typeof serviceKinds)[number];
  readonly ready: boolean;
  readonly says: string; // of /ready and /health, in words
  readonly downSince: string | null; // as the console itself saw it
  readonly target: string | null; // null: not on the list of what may be restarted
  readonly along: readonly string[]; // replicas that a restart of it takes along
  readonly needsTwo: string | null; // why one person may not restart it, in words
  readonly commands: PlaceCommands | null;
  readonly restart: RestartView | null; // the newest one
};
export type ServicesView = {
  readonly adapter: AdapterKind;
  readonly acts: boolean;
  readonly rows: readonly ReplicaRow[];
};
