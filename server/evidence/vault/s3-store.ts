import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { ByteRange, Sink, VaultStore } from "@/server/evidence/vault/store";

const partSize = 8 * 1024 * 1024; // bytes; with 10,000 parts a file may have 80 GB

const isMissing = (error: unknown) =>
  error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 404 || error.name === "NoSuchKey");

/** Answers by which a bucket has no object lock for us: it has none, the store knows no such thing, or we may not ask. */
const unlocked = ["ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed", "AccessDenied"];

type Place = { readonly s3: S3Client; readonly bucket: string; readonly prefix: string };
type Lock = { readonly mode: "GOVERNANCE" | "COMPLIANCE"; readonly until: Date } | null;

/** Uploaded in parts, of which nothing is seen under the name until the last request, which is refused when the name is taken. */
function sinkOf({ s3, bucket }: Place, key: string, lock: Lock): Sink {
  const body = new PassThrough({ highWaterMark: partSize });
  const upload = new Upload({
    client: s3,
    partSize,
    queueSize: 2,
    params: {
      Bucket: bucket,
      Key: key,
      Body: body,
      IfNoneMatch: "*",
      ...(lock === null ? {} : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until }),
    },
  });
  let failed: Error | null = null;
  const done = upload.done().then(
    () => undefined,
    (error: unknown) => {
      failed = error instanceof Error ? error : new Error(String(error));
      body.destroy();
    },
  );
  return {
    async write(chunk) {
      // A part that failed ends the body before the upload says why
      if (body.destroyed || !body.write(chunk)) await Promise.race([once(body, "drain").catch(() => undefined), done]);
      if (body.destroyed) await done;
      if (failed !== null) throw failed;
    },
    async commit() {
      body.end();
      await done;
      if (failed !== null) throw failed;
    },
    async abort() {
      await upload.abort().catch(() => undefined);
      body.destroy();
      await done;
    },
  };
}

/** A bucket. `keepDays`: how long objects are locked where the bucket has object lock and no default retention of its own; null: not. */
export function s3Store(place: Place, keepDays: () => Promise<number | null>): VaultStore {
  const { s3, bucket, prefix } = place;
  const keyOf = (item: string, name: string) => [prefix, item, name].filter((part) => part !== "").join("/");
  let asked: Promise<{ enabled: boolean; rule: string | null }> | null = null;
  const lockOfBucket = () => {
    asked ??= s3.send(new GetObjectLockConfigurationCommand({ Bucket: bucket })).then(
      ({ ObjectLockConfiguration: lock }) => {
        const rule = lock?.Rule?.DefaultRetention;
        return {
          enabled: lock?.ObjectLockEnabled === "Enabled",
          rule:
            rule === undefined
              ? null
              : `${rule.Mode ?? ""} for ${rule.Years === undefined ? `${rule.Days} days` : `${rule.Years} years`}`,
        };
      },
      (error: unknown) => {
        if (error instanceof S3ServiceException && unlocked.includes(error.name)) return { enabled: false, rule: null };
        asked = null; // asked again next time: a store that was away has not said that nothing is locked
        throw error;
      },
    );
    return asked;
  };
  return {
    name: "s3",
    place: `s3://${[bucket, prefix].filter((part) => part !== "").join("/")}`,
    async create(item, name) {
      const key = keyOf(item, name);
      // Stores that do not know conditional writes ignore the condition, so it is asked as well
      const there = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key })).then(
        () => true,
        (error: unknown) => {
          if (isMissing(error)) return false;
          throw error;
        },
      );
      if (there) throw new Error(`${key} is there already`);
      const { enabled, rule } = await lockOfBucket();
      const days = enabled && rule === null ? await keepDays() : null;
      const until = days === null ? null : new Date(Date.now() + days * 86_400_000);
      return sinkOf(place, key, until === null ? null : { mode: "GOVERNANCE", until });
    },
    async read(item, name, range?: ByteRange) {
      try {
        const answer = await s3.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: keyOf(item, name),
            ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to}` }),
          }),
        );
        return answer.Body as Readable;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async stamp(item, name) {
      try {
        const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(item, name) }));
        return [head.ETag, head.ContentLength, head.LastModified?.toISOString(), head.VersionId].join(" ");
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async abandon(item) {
      let found = 0;
      try {
        for (let more = true, marker = {}; more; ) {
          const page: ListMultipartUploadsCommandOutput = await s3.send(
            new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${keyOf(item, "")}/`, ...marker }),
          );
          for (const { Key, UploadId } of page.Uploads ?? []) {
            await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
            found += 1;
          }
          more = page.IsTruncated === true;
          marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
        }
      } catch (error) {
        if (!(error instanceof S3ServiceException && error.name === "NotImplemented")) throw error; // a store without lists of uploads
      }
      return found;
    },
    close: async () => undefined,
    async remove(item, name) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(item, name) }));
    },
    async protection() {
      const { enabled, rule } = await lockOfBucket();
      if (!enabled) return null;
      if (rule !== null) return `object lock, ${rule} by the bucket's default`;
      const days = await keepDays();
      return days === null
        ? "object lock is on, without a default retention: nothing is locked"
        : `object lock, GOVERNANCE for ${days} days`;
    },
  };
}
