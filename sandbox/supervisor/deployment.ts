import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCaracalDatabase, type CaracalDatabase } from "@/sandbox/engines/databases";
import type { Engine } from "@/sandbox/engines/engine";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import { scratchFolder } from "@/sandbox/engines/scratch-folder";
import { seedDeployment, type SeedFacts } from "@/sandbox/seed/seed";
import type { Size } from "@/sandbox/seed/sizes";
import { bundleServices } from "@/sandbox/supervisor/bundle-services";
import { type DeploymentSecrets, makeSecrets } from "@/sandbox/supervisor/secrets";
import { createService, type Service } from "@/sandbox/supervisor/service";
import { removeVault } from "@/sandbox/supervisor/vault-folder";
import { planServices, type Replicas, type ServiceKind } from "@/sandbox/supervisor/topology";

/** A running stand-in: Caracal's own Postgres and Redis, and its services. The console's database is not part of it. */
export type Deployment = {
  readonly postgres: Engine;
  readonly redis: Engine;
  readonly caracal: CaracalDatabase;
  readonly secrets: DeploymentSecrets;
  readonly seeded: SeedFacts;
  /** Where a console attached to it finds ZONE_KEK, and where it may put the next one. */
  readonly kekFiles: { readonly current: string; readonly next: string };
  /** Holds audit's hourly exports, as a copy of the bucket would. */
  readonly archiveFolder: string;
  /** Where a console attached to it preserves evidence to. */
  readonly vaultFolder: string;
  readonly services: readonly Service[];
  replicasOf(kind: ServiceKind): readonly Service[];
  /** @throws when no replica has that name, naming those that there are. */
  service(name: string): Service;
  dispose(): Promise<void>;
};

export type DeploymentOptions = {
  readonly replicas?: Partial<Replicas>;
  readonly workload?: boolean;
  readonly size?: Size;
};

/** Brings up the engines, loads Caracal's tables, seeds, and starts every service; resolves when all answer. */
export async function startDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  const secrets = makeSecrets();
  const scratch = scratchFolder("services", null);
  const [postgres, redis, folder] = await Promise.all([startPostgres(), startRedis(), bundleServices()]);
  const caracal = await createCaracalDatabase(postgres.url);
  const seeded = await seedDeployment({
    ownerUrl: caracal.ownerUrl,
    redisUrl: redis.url,
    keys: secrets,
    now: new Date(),
    size: options.size ?? "full",
  });

  const kekFolder = join(scratch.path, "keks");
  mkdirSync(kekFolder, { mode: 0o700 });
  const kekFiles = { current: join(kekFolder, "zone-kek"), next: join(kekFolder, "zone-kek-next") };
  writeFileSync(kekFiles.current, `${secrets.zoneKek}\n`, { mode: 0o600 });

  const archiveFolder = join(scratch.path, "archive");
  mkdirSync(join(archiveFolder, "audit"), { recursive: true, mode: 0o700 });
  const vaultFolder = join(scratch.path, "vault");
  mkdirSync(vaultFolder, { mode: 0o700 });

  const plans = await planServices({
    folder,
    archive: archiveFolder,
    scratch: scratch.path,
    databaseUrl: caracal.ownerUrl,
    redisUrl: redis.url,
    secrets,
    replicas: { sts: options.replicas?.sts ?? 2, gateway: options.replicas?.gateway ?? 2 },
    workload: options.workload ?? false,
  });
  const placed = plans.map(({ kind, plan }) => ({ kind, service: createService(plan) }));
  const services = placed.map(({ service }) => service);

  const dispose = async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([postgres.dispose(), redis.dispose()]);
    await removeVault(vaultFolder);
    scratch.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(services.map((service) => service.start()));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    postgres,
    redis,
    caracal,
    secrets,
    seeded,
    kekFiles,
    archiveFolder,
    vaultFolder,
    services,
    replicasOf: (kind) => placed.filter((one) => one.kind === kind).map((one) => one.service),
    service(name) {
      const found = services.find((service) => service.name === name);
      if (found !== undefined) return found;
      throw new Error(`There is no "${name}"; there are ${services.map((service) => service.name).join(", ")}.`);
    },
    dispose,
  };
}
