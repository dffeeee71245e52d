import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClean } from "@/server/services/adapter/clean-output";
import { processAdapter } from "@/server/services/adapter/process";

let server: Server;
let answer: (response: ServerResponse) => void;
let asked: { url: string; authorization: string }[];

beforeEach(async () => {
  asked = [];
  answer = (response) => response.end(JSON.stringify({ said: "one\ntwo" }));
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", authorization: request.headers.authorization ?? "" });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const adapter = () =>
  processAdapter(
    { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "a-token-of-the-test" },
    { places: new Map([["sts", "sts-1"]]), replicas: ["sts-1"], clean: createClean(["a-token-of-the-test"]) },
  );
const place = { target: "sts-1", replicas: ["sts-1"] };

test("each verb is one call with the token; what it says is cut into lines", async () => {
  expect(await adapter().logs(place, 20)).toEqual({ lines: ["one", "two"], cut: false });
  await adapter().restart(place);
  expect(await adapter().runs(place)).toBe(true);
  expect(asked.map(({ url }) => url)).toEqual([
    "/services/sts-1/logs?lines=20",
    "/services/sts-1/restart",
    "/services/sts-1/status",
  ]);
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer a-token-of-the-test"]));
  expect(adapter().commands(place).restart).not.toContain("a-token-of-the-test");
});

test("that nothing of it runs is the supervisor's word", async () => {
  answer = (response) => response.end(JSON.stringify({ said: "sts-1 does not run" }));
  expect(await adapter().runs(place)).toBe(false);
});

test.each([
  [
    "a refusal in its words, without the token",
    (r: ServerResponse) => void r.writeHead(401).end('{"problem":"not a-token-of-the-test"}'),
    /refused: not \(hidden\)/,
  ],
  ["a refusal without words", (r: ServerResponse) => void r.writeHead(500).end("{}"), /refused: it answered 500/],
  ["no JSON", (r: ServerResponse) => void r.end("<html>"), /did not answer/],
  [
    "a redirect elsewhere",
    (r: ServerResponse) => void r.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    /did not answer/,
  ],
  ["a connection that is cut", (r: ServerResponse) => void r.destroy(), /did not answer/],
  ["more than it may say", (r: ServerResponse) => void r.end("x".repeat(9_000_000)), /more than 8 MiB/],
])("%s", async (_, how, words) => {
  answer = how;
  await expect(adapter().logs(place, 10)).rejects.toThrow(words);
});
