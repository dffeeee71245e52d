import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { s3Store } from "@/server/evidence/vault/s3-store";
import { openS3 } from "@/server/platform/s3-client";

const locked = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
const refusal = (code: string) => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;

let server: Server; // answers the question for a bucket's object lock
let answer: { readonly status: number; readonly body: string };
let questions = 0;
let s3: ReturnType<typeof openS3>;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "of-a-test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "of-a-test");
  server = createServer((request, response) => {
    if (request.url?.includes("object-lock")) questions += 1;
    response.writeHead(answer.status, { "content-type": "application/xml" }).end(answer.body);
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
