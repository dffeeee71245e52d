import type { ApprovedAction } from "@/server/approvals/approved-action";
import { createAnchorKeeper } from "@/server/audit/anchors/anchor-keeper";
import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import { openArchive } from "@/server/audit/archive/open-archive";
import { createCheckSchedule } from "@/server/audit/checks/check-schedule";
import { createCheckWorker } from "@/server/audit/checks/check-worker";
import { createComparisonWorker } from "@/server/audit/comparisons/comparison-worker";
import { createExpiry } from "@/server/approvals/expire-requests";
import type { ActionName } from "@/server/auth/action-policy";
import { openDeployment, type Deployment } from "@/server/caracal/deployment";
import type { StoreName } from "@/server/evidence/vault/schemas";
import { shortestKeep } from "@/server/evidence/vault/retention";
import type { VaultStore } from "@/server/evidence/vault/store";
import { openStores } from "@/server/evidence/vault/stores";
import { createVaultWorker } from "@/server/evidence/vault/vault-worker";
import { createHeadKeeper } from "@/server/evidence/head-keeper";
import { createBrakeWorker } from "@/server/brakes/brake-worker";
import { createDispatcher } from "@/server/caracal/revocation/dispatch";
import { createClockTeller } from "@/server/incidents/clocks";
import { kekFromSettings, type KekProvider } from "@/server/keys/kek-source";
import { createKeyWorker } from "@/server/keys/key-worker";
import { createJobs, type Jobs } from "@/server/jobs/jobs";
import { createBoardWatch, type BoardWatch } from "@/server/live/board";
import { createCollector, type Collector } from "@/server/live/collector";
import { createNotifier } from "@/server/notifications/notifier";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { type Settings, takeSettings } from "@/server/platform/settings";
import type { Repeating } from "@/server/jobs/repeat";
import { createRedriveWorker } from "@/server/redrive/redrive-worker";
import { approvedActions } from "@/server/runtime/approved-actions";
import { createSignalRecorder } from "@/server/signals/signal-recorder";
import { createRequeueWorker } from "@/server/outbox/requeue-worker";
import { createActWorker } from "@/server/streams/acts/act-worker";
import { createFleetWatch } from "@/server/playbooks/fleet-watch";
import { createSpoolNoter } from "@/server/playbooks/guided/note-spools";
import { createLetterNoter } from "@/server/playbooks/guided/note-dead-letters";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { openAdapter } from "@/server/services/adapter/open-adapter";
import { createOutageKeeper } from "@/server/services/outages/outage-keeper";
import { createRestartWorker } from "@/server/services/restarts/restart-worker";
import { createWatchRecorder } from "@/server/watches/watch-recorder";
import { createRunWatcher, type RunWatcher } from "@/server/playbooks/run-watcher";

/** Every part of a running console, made once per process. */
export type Console = {
  readonly settings: Settings;
  readonly db: Database; // the console's own
  readonly caracal: Deployment;
  readonly auditKey: Buffer | null; // AUDIT_HMAC_KEY
  readonly collector: Collector;
  readonly jobs: Jobs;
  readonly runs: RunWatcher;
  readonly board: BoardWatch;
  readonly clocks: Repeating;
  readonly brakes: Repeating;
  readonly signals: Repeating;
  readonly notifier: Repeating;
  readonly heads: Repeating;
  readonly actions: ReadonlyMap<ActionName, ApprovedAction>; // that take two people
  readonly expiry: Repeating;
  readonly keks: KekProvider;
  readonly keyJobs: Repeating;
  readonly anchors: Repeating; // heads of audit chains, kept here
  readonly checks: Repeating; // of the audit chain
  readonly checkSchedule: Repeating;
  readonly redrives: Repeating; // of dead letters
  readonly stores: ReadonlyMap<StoreName, VaultStore>; // of preserved evidence
  readonly vault: Repeating; // preserves it
  readonly archive: ArchiveSource | null; // Caracal's hourly exports
  readonly comparisons: Repeating; // of the audit log with the archive
  readonly watches: Repeating; // figures that incidents watch
  readonly fleets: Repeating;
  readonly streamActs: Repeating; // on consumer groups
  readonly requeues: Repeating; // of dead outbox rows
  readonly spools: Repeating; // what waits in audit spools, noted for open runs
  readonly letters: Repeating; // what lies among the dead letters, noted for open runs
  readonly adapter: RuntimeAdapter; // what runs Caracal's services
  readonly outages: Repeating; // when a replica was not ready
  readonly restarts: Repeating;
};

const holder = globalThis as typeof globalThis & { __caracalConsole?: Console };

/** Makes every part, and starts none. */
export function composeConsole(settings: Settings): Console {
  const db = openDatabase({
    url: settings.CONSOLE_DATABASE_URL,
    label: "The console's own Postgres",
    max: 10,
    statementTimeoutMs: 5_000,
    attempts: 5,
  });
  const caracal = openDeployment(settings);
  const { auditKey } = caracal;
  const collector = createCollector({ caracal, db, deploymentName: settings.CARACAL_NAME });
  const jobs = createJobs({ settings, db, caracal, collector });
  const runs = createRunWatcher({ db, caracal, collector });
  const board = createBoardWatch(db);
  const clocks = createClockTeller(db);
  const brakes = createBrakeWorker({
    db,
    caracal,
    collector,
    holder: createDispatcher().holder,
    pollSeconds: settings.CARACAL_OPA_POLL_SECONDS,
  });
  const signals = createSignalRecorder({ db, collector, autoDeclare: settings.AUTO_DECLARE_P1 === "on" });
  const notifier = createNotifier({ db, settings });
  const heads = createHeadKeeper({ db, settings });
  const keks = kekFromSettings(settings);
  const keyJobs = createKeyWorker({ db, caracal, keks, holder: createDispatcher().holder });
  const checks = createCheckWorker({ db, caracal, auditKey, holder: createDispatcher().holder });
  const redrives = createRedriveWorker({
    db,
    caracal,
    keys: { audit: auditKey, streams: caracal.streamsKey },
    holder: createDispatcher().holder,
  });
  const archive = openArchive(settings);
  const comparisons = createComparisonWorker({ db, caracal, archive, holder: createDispatcher().holder });
  const checkSchedule = createCheckSchedule({
    db,
    caracal,
    holder: createDispatcher().holder,
    everySeconds: settings.AUDIT_CHECK_EVERY_SECONDS,
    fullEveryHours: settings.AUDIT_FULL_CHECK_EVERY_HOURS,
  });
  const anchors = createAnchorKeeper({ db, caracal, settings, holder: createDispatcher().holder });
  const stores = openStores(settings, () => shortestKeep(settings.EVIDENCE_RETENTION_FILE));
  const vault = createVaultWorker({ db, caracal, stores, settings, holder: createDispatcher().holder });
  const watches = createWatchRecorder({ db, collector });
  const fleets = createFleetWatch({ db, caracal, collector });
  const spools = createSpoolNoter({ db, caracal });
  const letters = createLetterNoter({ db, caracal });
  const adapter = openAdapter(
    settings,
    caracal.replicas.map(({ id }) => id),
  );
  const outages = createOutageKeeper({ db, caracal });
  const restarts = createRestartWorker({ db, caracal, adapter, holder: createDispatcher().holder });
  const actions = approvedActions({
    db,
    caracal,
    jobs,
    keks,
    adapter,
    keys: { audit: auditKey, streams: caracal.streamsKey },
  });
  const streamActs = createActWorker({ db, caracal });
  const requeues = createRequeueWorker({ db, caracal });
  const expiry = createExpiry(db);
  return {
    settings,
    db,
    caracal,
    auditKey,
    collector,
    jobs,
    runs,
    board,
    clocks,
    brakes,
    signals,
    notifier,
    heads,
    actions,
    expiry,
    keks,
    keyJobs,
    anchors,
    checks,
    checkSchedule,
    redrives,
    stores,
    vault,
    archive,
    comparisons,
    watches,
    fleets,
    streamActs,
    requeues,
    spools,
    letters,
    adapter,
    outages,
    restarts,
  };
}

/**
 * The process's one console. Kept on globalThis because Next loads instrumentation and route handlers as separate module
 * graphs. Opens no connection that can fail: every part connects when used and heals by itself.
 * @throws SettingsError when the environment is wrong.
 */
export function getConsole(): Console {
  holder.__caracalConsole ??= composeConsole(takeSettings(process.env));
  return holder.__caracalConsole;
}
