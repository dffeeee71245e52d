import { S3Client } from "@aws-sdk/client-s3";

export type S3Place = {
  readonly endpoint: string | undefined; // of another store than Amazon's; it is then spoken to path style
  readonly region: string | undefined; // us-east-1 where an endpoint is given and no region
};

/**
 * A client of an S3 store. Credentials come by the usual chain: environment, shared files, web identity, container, instance. Opens
 * nothing before it is used; a request is tried three times, and is given up when nothing moved for 30 s.
 */
export const openS3 = ({ endpoint, region }: S3Place): S3Client =>
  new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined && endpoint === undefined ? {} : { region: region ?? "us-east-1" }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
