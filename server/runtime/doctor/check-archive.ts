import type { ArchiveFile } from "@/server/audit/archive/archive-source";
import { hourOfKey, hourText } from "@/server/audit/archive/export-key";
import { openArchive } from "@/server/audit/archive/open-archive";
import type { Settings } from "@/server/platform/settings";
import { fail, type Finding, ok, reasonOf, warn } from "@/server/runtime/doctor/finding";

/** Where the audit log is compared with Caracal's exports: there, readable, and holding exports. Lists no more than a few names, and reads one footer. */
export async function checkArchive(settings: Settings): Promise<Finding> {
  const name = "audit archive";
  const archive = openArchive(settings);
  if (archive === null)
    return ok(
      name,
      "Neither AUDIT_ARCHIVE_FOLDER nor AUDIT_ARCHIVE_S3_BUCKET is set: nothing is compared with the archive.",
    );
  if (settings.AUDIT_ARCHIVE_FOLDER !== undefined && settings.AUDIT_ARCHIVE_S3_BUCKET !== undefined)
    return warn(
      name,
      "AUDIT_ARCHIVE_FOLDER and AUDIT_ARCHIVE_S3_BUCKET are both set: only the folder is read.",
      "Keep the one that audit exports to.",
    );
  const fix =
    "Check that it is what audit exports to, and that the console may list and read it; it never writes there.";
  try {
    let [looked, found]: [number, ArchiveFile | null] = [0, null];
    for await (const file of archive.list({ from: null, to: null })) {
      looked += 1;
      found = hourOfKey(file.key) === null ? found : file;
      if (found !== null || looked === 50) break;
    }
    if (found === null)
      return warn(name, `It can be listed, and none of the first ${looked} names is that of an hourly export.`, fix);
    await archive.open(found).slice(0, 4);
    return ok(name, `It can be listed and read; its first export is of ${hourText(hourOfKey(found.key) ?? 0)}:00 UTC.`);
  } catch (error) {
    return fail(name, `It cannot be used: ${reasonOf(error)}`, fix);
  }
}
