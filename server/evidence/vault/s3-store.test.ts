import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { s3Store } from "@/server/evidence/vault/s3-store";
import { openS3 } from "@/server/platform/s3-client";

const locked = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
const refusal = (code: string) => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;

let server: Server; // answers the question for a bucket's object lock
let answer: { readonly status: number; readonly body: string };
const asked: string[] = [];
let questions = 0;
let s3: ReturnType<typeof openS3>;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "of-a-test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "of-a-test");
  server = createServer((request, response) => {
    if (request.url?.includes("object-lock")) questions += 1;
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "DELETE") response.writeHead(204).end();
    else response.writeHead(answer.status, { "content-type": "application/xml" }).end(answer.body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  s3 = openS3({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: undefined });
});
afterAll(async () => {
  s3.destroy();
  await new Promise((closed) => server.close(closed));
  vi.unstubAllEnvs();
});
beforeEach(() => {
  questions = 0;
  asked.length = 0;
});

const bucket = () => s3Store({ s3, bucket: "vault", prefix: "" }, async () => 30);

test("a store that was away when it was asked for its object lock has said nothing: it is asked again", async () => {
  const store = bucket();
  answer = { status: 503, body: refusal("SlowDown") };
  await expect(store.protection()).rejects.toThrow("SlowDown");
  answer = { status: 400, body: refusal("ExpiredToken") };
  await expect(store.protection()).rejects.toThrow("ExpiredToken");
  answer = { status: 200, body: locked };
  expect(await store.protection()).toBe("object lock, GOVERNANCE for 30 days");
  answer = { status: 503, body: refusal("SlowDown") };
  expect(await store.protection()).toBe("object lock, GOVERNANCE for 30 days"); // what was answered holds
});

test.each([
  [404, "ObjectLockConfigurationNotFoundError"],
  [501, "NotImplemented"],
  [405, "MethodNotAllowed"],
  [403, "AccessDenied"],
])("%i %s is an answer, asked for once: nothing is locked", async (status, code) => {
  const store = bucket();
  answer = { status, body: refusal(code) };
  expect(await store.protection()).toBeNull();
  const after = questions;
  expect(await store.protection()).toBeNull();
  expect(questions).toBe(after);
});

test("uploads that a process which ended left are aborted, those of the item alone; a store that lists none is no failure", async () => {
  const upload = (key: string, id: string) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`;
  answer = {
    status: 200,
    body: `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${upload("item/a.gz", "u1")}${upload("item/b.gz", "u2")}</ListMultipartUploadsResult>`,
  };
  expect(await bucket().abandon("item")).toBe(2);
  expect(asked[0]).toBe("GET /vault/?prefix=item%2F&uploads=");
  expect(asked.slice(1).map((one) => one.replace(/&?x-id=\w+&?/, ""))).toEqual([
    "DELETE /vault/item/a.gz?uploadId=u1",
    "DELETE /vault/item/b.gz?uploadId=u2",
  ]);
  answer = { status: 501, body: refusal("NotImplemented") };
  expect(await bucket().abandon("item")).toBe(0);
  answer = { status: 403, body: refusal("AccessDenied") };
  await expect(bucket().abandon("item")).rejects.toThrow("AccessDenied");
});
