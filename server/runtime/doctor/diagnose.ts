import { openDeployment, type Deployment } from "@/server/caracal/deployment";
import { openDatabase } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import { checkArchive } from "@/server/runtime/doctor/check-archive";
import { checkCaracalDatabase } from "@/server/runtime/doctor/check-release";
import { checkAuditGrants } from "@/server/runtime/doctor/check-audit-grants";
import { checkClocks } from "@/server/runtime/doctor/check-clocks";
import { checkConsoleDatabase } from "@/server/runtime/doctor/check-console-database";
import { checkGrants } from "@/server/runtime/doctor/check-grants";
import { checkRedis } from "@/server/runtime/doctor/check-redis";
import { checkReplicas } from "@/server/runtime/doctor/check-replicas";
import { checkSettings } from "@/server/runtime/doctor/check-settings";
import { checkStreams, checkStreamsKey } from "@/server/runtime/doctor/check-streams";
import { checkVault } from "@/server/runtime/doctor/check-vault";
import { fail, type Finding, reasonOf, skipped } from "@/server/runtime/doctor/finding";
import { hideSecrets } from "@/server/runtime/doctor/hide-secrets";

const badness = ["fail", "warn", "skipped", "ok"] as const;

/** A check that breaks is a finding like any other: the rest still says what it knows. */
const guarded = (name: string, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> =>
  work().catch((error: unknown) => [
    fail(name, `The check itself failed: ${reasonOf(error)}`, "Mend what it names, then run npm run doctor again."),
  ]);

async function lookAtRedis(caracal: Deployment, reachable: boolean, now: number): Promise<readonly Finding[]> {
  if (!reachable)
    return ["streams", "groups", "stream key"].map((name) => skipped(name, "Not looked at: Redis is away."));
  const [streams, key] = await Promise.all([
    guarded("streams", () => checkStreams(caracal.redis, now)),
    guarded("stream key", async () => [await checkStreamsKey(caracal.redis, caracal.streamsKey)]),
  ]);
  return [...streams, ...key];
}

async function lookAtGrants(caracal: Deployment, state: "away" | "unknown" | "known"): Promise<readonly Finding[]> {
  if (state === "known") {
    const [grants, audit] = await Promise.all([
      guarded("grants", () => checkGrants(caracal.db)),
      guarded("audit tables", async () => [await checkAuditGrants(caracal.db)]),
    ]);
    return [...grants, ...audit];
  }
  const why = state === "away" ? "Caracal's Postgres is away" : "its release is not one that the console knows";
  return ["grants", "audit tables"].map((name) => skipped(name, `Not looked at: ${why}.`));
}

/**
 * Looks once at everything that a console with these settings depends on, and gives what it found, worst first. Reads
 * only, bounded, a few seconds at most; never holds a secret or an address with credentials.
 */
export async function diagnose(settings: Settings, now: () => number = Date.now): Promise<readonly Finding[]> {
  const options = { max: 1, statementTimeoutMs: 5_000 };
  const running = openDatabase({ ...options, url: settings.CONSOLE_DATABASE_URL, label: "The console's Postgres" });
  const owner = openDatabase({
    ...options,
    url: settings.CONSOLE_MIGRATE_DATABASE_URL,
    label: "The console's Postgres",
  });
  const caracal = openDeployment(settings);
  try {
    const replicas = guarded("replicas", () => checkReplicas(caracal));
    const [own, theirs, redis] = await Promise.all([
      checkConsoleDatabase({ running, owner }),
      checkCaracalDatabase(caracal.db),
      checkRedis(caracal.redis),
    ]);
    const clocks = guarded("clocks", async () => [
      await checkClocks({
        now,
        console: own.reachable ? running : null,
        caracal: theirs.state === "away" ? null : caracal.db,
        redis: redis.reachable ? caracal.redis : null,
      }),
    ]);
    const rest = await Promise.all([
      lookAtGrants(caracal, theirs.state),
      clocks,
      lookAtRedis(caracal, redis.reachable, now()),
      replicas,
      guarded("vault", () => checkVault(settings)),
      guarded("audit archive", async () => [await checkArchive(settings)]),
    ]);
    const findings = [checkSettings(settings), own.findings, theirs.findings, redis.findings, ...rest].flat();
    return findings
      .map((finding) => hideSecrets(settings, finding))
      .sort((a, b) => badness.indexOf(a.status) - badness.indexOf(b.status));
  } finally {
    await Promise.allSettled([running.close(), owner.close(), caracal.close()]);
  }
}
