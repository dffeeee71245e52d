import { access, constants, readdir, stat, statfs } from "node:fs/promises";
import { GetObjectLockConfigurationCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { messageOf } from "@/server/platform/errors";
import { openS3 } from "@/server/platform/s3-client";
import type { Settings } from "@/server/platform/settings";
import { fail, type Finding, ok, reasonOf, warn } from "@/server/runtime/doctor/finding";

const little = 1024 ** 3; // bytes

async function checkFolder(folder: string): Promise<Finding> {
  const name = "vault folder";
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) return fail(name, "EVIDENCE_FOLDER names a file.", "Name a folder.");
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < little)
      return warn(name, "Less than 1 GiB is free in EVIDENCE_FOLDER.", "Make room, or preserve to S3.");
    if ((found.mode & 0o077) !== 0)
      return warn(
        name,
        "EVIDENCE_FOLDER is open to others than its owner.",
        "chmod 700 it: what is preserved holds names.",
      );
    return ok(name, "EVIDENCE_FOLDER can be written, and has room.");
  } catch (error) {
    return fail(name, `EVIDENCE_FOLDER cannot be used: ${reasonOf(error)}`, "Make it, for the console's user alone.");
  }
}

async function checkBucket(settings: Settings, bucket: string): Promise<Finding> {
  const name = "vault bucket";
  const s3 = openS3({ endpoint: settings.EVIDENCE_S3_ENDPOINT, region: settings.EVIDENCE_S3_REGION });
  const abortSignal = AbortSignal.timeout(4_000);
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
    const locked = await s3
      .send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal })
      .then(({ ObjectLockConfiguration: lock }) => lock?.ObjectLockEnabled === "Enabled")
      .catch(() => false);
    return locked
      ? ok(name, "The bucket answers, and has object lock.")
      : warn(
          name,
          "The bucket answers, and has no object lock: whoever may write to it can remove evidence.",
          "Use a bucket with object lock and a default retention.",
        );
  } catch (error) {
    return fail(
      name,
      `EVIDENCE_S3_BUCKET cannot be used: ${messageOf(error)}.`,
      "Check the bucket's name, endpoint, region and credentials.",
    );
  } finally {
    s3.destroy();
  }
}

async function checkLogs(folder: string): Promise<Finding> {
  const name = "postgres logs";
  try {
    await readdir(folder);
    return ok(name, "POSTGRES_LOG_FOLDER can be read.");
  } catch (error) {
    return fail(name, `POSTGRES_LOG_FOLDER cannot be read: ${reasonOf(error)}`, "Mount it readable, or unset it.");
  }
}

/** Where evidence is preserved to: there, writable, roomy, private. Writes nothing. */
export async function checkVault(settings: Settings): Promise<readonly Finding[]> {
  const { EVIDENCE_FOLDER: folder, EVIDENCE_S3_BUCKET: bucket, POSTGRES_LOG_FOLDER: logs } = settings;
  if (folder === undefined && bucket === undefined)
    return [
      warn(
        "vault",
        "Neither EVIDENCE_FOLDER nor EVIDENCE_S3_BUCKET is set: no evidence can be preserved from the console.",
        "Set one or both.",
      ),
    ];
  return Promise.all([
    ...(folder === undefined ? [] : [checkFolder(folder)]),
    ...(bucket === undefined ? [] : [checkBucket(settings, bucket)]),
    ...(logs === undefined ? [] : [checkLogs(logs)]),
  ]);
}
