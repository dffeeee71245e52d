import type { Deployment } from "@/server/caracal/deployment";
import type { KekProvider } from "@/server/keys/kek-source";
import type { Database } from "@/server/platform/postgres";
import type { CatalogueEntry } from "@/server/playbooks/guided/catalogue";
import type { DroppedLog } from "@/server/playbooks/guided/judge-dropped";
import type { Severity } from "@/server/platform/severity";
import type { GuidedReport } from "@/server/playbooks/guided/reports.schemas";
import type {
  AboutService,
  GuidedAct,
  GuidedCheck,
  GuidedCommand,
  GuidedPlaybook,
  GuidedStep,
  Probed,
  SignerRole,
} from "@/server/playbooks/guided/schemas";

export type GuidedContext = { readonly db: Database; readonly caracal: Deployment; readonly keks: KekProvider };

export type GuidedRunRow = {
  readonly id: string;
  readonly playbook: GuidedPlaybook;
  readonly incident_id: string;
  readonly number: number; // of the incident
  readonly zone_id: string | null;
  readonly zone_name: string | null;
  readonly service: AboutService | null;
  readonly drill: boolean;
  readonly state: "open" | "done" | "abandoned";
  readonly reason: string;
  readonly baseline: { readonly spools?: Readonly<Record<string, number | null>>; readonly dropped?: DroppedLog };
  readonly created_by_id: string;
  readonly created_by_name: string;
  readonly driver_id: string;
  readonly driver_name: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly ended_reason: string | null;
};
export type SettledRow = {
  readonly step: string;
  readonly outcome: "done" | "skipped";
  readonly by_name: string;
  readonly settled_at: Date;
  readonly reason: string | null;
  readonly hash: string | null;
  readonly seen: string | null;
  readonly kept: GuidedReport | null;
};

/** What a probe is given: the run, and when each earlier step was settled. */
export type Looking = GuidedContext & {
  readonly run: GuidedRunRow;
  readonly settled: ReadonlyMap<string, SettledRow>;
  readonly thorough: boolean; // something is settled by it: nothing is sampled, and it may take long
};

/** One thing of a step that somebody ticks, by name and with how they know. */
export type TickRow = {
  readonly step: string;
  readonly item: string;
  readonly by_name: string;
  readonly ticked_at: Date;
  readonly note: string;
};

/** A signature under a step. */
export type SignatureRow = {
  readonly step: string;
  readonly role: SignerRole;
  readonly person_id: string;
  readonly person_name: string;
  readonly comment: string;
  readonly digest: string;
  readonly signed_at: Date;
};

/**
 * A step as declared. With a probe it is done when the probe says so, and not because somebody clicked; without one a person says so,
 * with what `wants` asks of them. `checks`: what is ticked one by one before either. `holds`: the probe must still agree when the run ends.
 * `report`: figures that are shown with the step and kept as they were when it is settled. `signers`: who signs it, each somebody else.
 */
export type StepDeclaration = {
  readonly id: string;
  readonly title: string;
  readonly what: string;
  readonly kind: GuidedStep["kind"];
  readonly probe?: (looking: Looking) => Promise<Probed>;
  readonly holds?: boolean;
  readonly report?: (looking: Looking) => Promise<GuidedReport>;
  readonly signers?: readonly SignerRole[];
  readonly skippable?: boolean;
  readonly byHand?: boolean; // while its probe does not agree a person may say it: everything ticked, and what `wants` asks
  readonly of?: (run: GuidedRunRow) => boolean; // which runs have it; all, where nothing is said
  readonly ticksOffered?: boolean; // ticks are not needed unless the probe says so
  readonly wants?: GuidedStep["wants"];
  readonly act?: (run: GuidedRunRow) => GuidedAct;
  readonly checks?: (caracal: Pick<Deployment, "replicas">) => readonly GuidedCheck[];
  readonly commands?: (run: GuidedRunRow) => readonly GuidedCommand[];
};

export type Playbook = CatalogueEntry & {
  readonly steps: readonly StepDeclaration[];
  /** The severity of the incident that a run declares, when it depends on what is so right now. */
  readonly severityNow?: (ctx: GuidedContext) => Promise<Severity>;
};
