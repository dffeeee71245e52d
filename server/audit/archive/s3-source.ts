import { GetObjectCommand, paginateListObjectsV2, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import {
  type ArchiveFile,
  type ArchiveSource,
  ArchiveUnreachable,
  BadExport,
  type KeyRange,
} from "@/server/audit/archive/archive-source";
import { messageOf } from "@/server/platform/errors";

export type ArchiveBucket = { readonly bucket: string; readonly prefix: string };

const unreachable = (name: string, error: unknown) =>
  new ArchiveUnreachable(
    `${name} does not answer as it should: ${error instanceof S3ServiceException ? `${error.name}, ${error.message}` : messageOf(error)}`,
    { cause: error },
  );

async function* list(s3: S3Client, at: ArchiveBucket, name: string, range: KeyRange): AsyncGenerator<ArchiveFile> {
  const prefix = `${at.prefix}audit/`;
  // StartAfter leaves out its own key: one byte less than the first wanted.
  const StartAfter = range.from === null ? undefined : `${at.prefix}${range.from.slice(0, -1)}`;
  try {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: at.bucket, Prefix: prefix, StartAfter }))
      for (const { Key, Size } of page.Contents ?? []) {
        const key = (Key ?? "").slice(at.prefix.length);
        if (range.to !== null && key > range.to) return;
        if (!key.endsWith("/")) yield { key, size: Size ?? 0 }; // what makes folders visible in some consoles is no file
      }
  } catch (error) {
    throw error instanceof ArchiveUnreachable ? error : unreachable(name, error);
  }
}

async function read(s3: S3Client, at: ArchiveBucket, name: string, key: string, start: number, end: number) {
  try {
    const Range = `bytes=${start}-${end - 1}`;
    const answer = await s3.send(new GetObjectCommand({ Bucket: at.bucket, Key: `${at.prefix}${key}`, Range }));
    const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    if (bytes.length !== end - start) throw new BadExport("damaged", "It is no longer as long as when it was listed.");
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  } catch (error) {
    if (error instanceof BadExport) throw error;
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    if (status === 404) throw new BadExport("vanished", "It was there when the bucket was listed, and is gone.");
    if (status === 416) throw new BadExport("damaged", "It is no longer as long as when it was listed.");
    throw unreachable(name, error);
  }
}

/** A bucket, of AWS or of anything that speaks S3, with what stands before `audit/` in its keys. */
export function s3Source(s3: S3Client, at: ArchiveBucket): ArchiveSource {
  const name = `s3://${at.bucket}/${at.prefix}`;
  return {
    name,
    list: (range) => list(s3, at, name, range),
    open: ({ key, size }) => ({
      byteLength: size,
      slice: (start, end = size) => read(s3, at, name, key, start, Math.min(end, size)),
    }),
  };
}
