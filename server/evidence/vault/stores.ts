import { folderStore } from "@/server/evidence/vault/folder-store";
import { s3Store } from "@/server/evidence/vault/s3-store";
import type { StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";
import { openS3 } from "@/server/platform/s3-client";
import type { Settings } from "@/server/platform/settings";

export type StoreSettings = Pick<
  Settings,
  | "EVIDENCE_FOLDER"
  | "EVIDENCE_S3_BUCKET"
  | "EVIDENCE_S3_ENDPOINT"
  | "EVIDENCE_S3_REGION"
  | "EVIDENCE_S3_PREFIX"
  | "EVIDENCE_RETENTION_FILE"
>;

/** The stores that are configured, by name. `keepDays`: for how long an object is locked where the bucket leaves that to us. */
export function openStores(
  settings: StoreSettings,
  keepDays: () => Promise<number | null>,
): ReadonlyMap<StoreName, VaultStore> {
  const stores: VaultStore[] = [];
  if (settings.EVIDENCE_FOLDER !== undefined) stores.push(folderStore(settings.EVIDENCE_FOLDER));
  if (settings.EVIDENCE_S3_BUCKET !== undefined)
    stores.push(
      s3Store(
        {
          s3: openS3({ endpoint: settings.EVIDENCE_S3_ENDPOINT, region: settings.EVIDENCE_S3_REGION }),
          bucket: settings.EVIDENCE_S3_BUCKET,
          prefix: settings.EVIDENCE_S3_PREFIX,
        },
        keepDays,
      ),
    );
  return new Map(stores.map((store) => [store.name, store]));
}
