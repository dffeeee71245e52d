import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import { folderSource } from "@/server/audit/archive/folder-source";
import { s3Source } from "@/server/audit/archive/s3-source";
import { openS3 } from "@/server/platform/s3-client";
import type { Settings } from "@/server/platform/settings";

/** Where the settings say that Caracal's hourly exports lie, the folder before the bucket; null: nowhere. Opens nothing. */
export function openArchive(settings: Settings): ArchiveSource | null {
  const { AUDIT_ARCHIVE_FOLDER: folder, AUDIT_ARCHIVE_S3_BUCKET: bucket } = settings;
  if (folder !== undefined) return folderSource(folder);
  if (bucket === undefined) return null;
  const s3 = openS3({ endpoint: settings.AUDIT_ARCHIVE_S3_ENDPOINT, region: settings.AUDIT_ARCHIVE_S3_REGION });
  return s3Source(s3, { bucket, prefix: settings.AUDIT_ARCHIVE_S3_PREFIX });
}
