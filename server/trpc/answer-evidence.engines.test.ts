import { createHash } from "node:crypto";
import { chmod, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import type { StoreName } from "@/server/evidence/vault/schemas";
import type { VaultStore } from "@/server/evidence/vault/store";
import { getItem } from "@/server/evidence/vault/views";
import { answerEvidence } from "@/server/trpc/answer-evidence";
import type { TRPCContext } from "@/server/trpc/context";
import { takeSlot } from "@/server/trpc/export-slots";

let stage: VaultStage;
let dana: Actor;
let vera: Actor;
let id: string;
const file = "admin_audit_events.csv.gz";

beforeAll(async () => {
  stage = await vaultStage();
  dana = stage.actor;
  vera = await newPerson(stage.db, "vera", ["viewer"]);
});
afterAll(() => stage?.close());
beforeEach(async () => {
  id = await stage.order({ parts: ["admin"] });
  await stage.work();
});

const view = (itemId: string) => getItem({ ctx: { db: stage.db, actor: dana }, input: { itemId } });
const acts = async (itemId: string) => (await view(itemId)).custody.map(({ act, by }) => `${act} ${by}`).reverse();
const ask = (
  actor: Actor | null,
  itemId: string,
  file: string,
  headers: Record<string, string> = {},
  stores = stage.stores,
) =>
  answerEvidence(new Request(`https://c/api/evidence/${itemId}?file=${file}`, { headers }), itemId, () =>
    Promise.resolve({
      actor,
      signInId: null,
      requestId: "r",
      request: null,
      console: { db: stage.db, stores },
    } as unknown as TRPCContext),
  );
test("a download goes on where it broke off, each piece of the same file, and every one is on the custody log", async () => {
  const whole = await ask(dana, id, file);
  expect(whole.status).toBe(200);
  const bytes = Buffer.from(await whole.arrayBuffer());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const etag = whole.headers.get("etag") ?? "";
  expect(etag).toBe(`"${sha256}"`);
  expect((await view(id)).files.find(({ name }) => name === file)).toMatchObject({ sha256, size: bytes.length });
  const middle = Math.floor(bytes.length / 2);
  const rest = await ask(dana, id, file, { range: `bytes=${middle}-`, "if-range": etag });
  expect([rest.status, rest.headers.get("content-range")]).toEqual([
    206,
    `bytes ${middle}-${bytes.length - 1}/${bytes.length}`,
  ]);
  expect(Buffer.from(await rest.arrayBuffer())).toEqual(bytes.subarray(middle));
  expect((await ask(dana, id, file, { range: `bytes=${middle}-`, "if-range": '"other"' })).status).toBe(200);
  expect((await ask(dana, id, file, { range: `bytes=${bytes.length}-` })).status).toBe(416);
  expect(await acts(id)).toEqual([
    "ordered Dana Security",
    "created console",
    ...Array.from({ length: 3 }, () => "downloaded Dana Security"),
  ]);
  const entries = await stage.db.query(
    "SELECT 1 FROM timeline_entries WHERE kind = 'evidence.downloaded' AND details->'refs'->>'evidence' = $1",
    [id],
  );
  expect(entries).toHaveLength(3);
});

test("a download that goes on does not have the file read from its first byte again, unless anything of it has changed", async () => {
  const folder = stage.stores.get("folder");
  if (folder === undefined) throw new Error("no folder");
  let wholeReadings = 0;
  const counted: VaultStore = {
    ...folder,
    read(item, name, range) {
      if (range === undefined) wholeReadings += 1;
      return folder.read(item, name, range);
    },
  };
  const stores = new Map<StoreName, VaultStore>([["folder", counted]]);
  const readings = async (headers: Record<string, string>) => {
    wholeReadings = 0;
    const answer = await ask(dana, id, file, headers, stores);
    await answer.arrayBuffer();
    return [answer.status, wholeReadings];
  };
  expect(await readings({ range: "bytes=10-" })).toEqual([206, 1]);
  expect(await readings({ range: "bytes=20-" })).toEqual([206, 0]);
  expect((await view(id)).custody[0]?.note).toMatch(/bytes 20 to \d+, from the folder, hashed at 20/);
  expect(await readings({ range: "bytes=0-" })).toEqual([206, 1]); // what begins anew is hashed anew
  expect(await readings({})).toEqual([200, 2]); // hashed, then given

  const path = join(stage.folder, id, file);
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes[30] = (bytes[30] ?? 0) ^ 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
  await chmod(path, 0o400);
  await utimes(path, atime, mtime); // of the same size and time, as somebody would who hides it
  expect(await readings({ range: "bytes=20-" })).toEqual([409, 1]);
});

test("nobody has more than two files read at once, and a place is free again when one was refused", async () => {
  const busy = [takeSlot(dana.id), takeSlot(dana.id)];
  expect((await ask(dana, id, file)).status).toBe(429);
  busy.map((free) => free());
  for (let tries = 0; tries < 3; tries += 1) expect((await ask(dana, id, "absent.gz")).status).toBe(404);
  expect((await ask(dana, id, file)).status).toBe(200);
});

test("only who may see names downloads; nobody asks for a way out of the vault, nor from a foreign page", async () => {
  expect((await ask(null, id, file)).status).toBe(401);
  expect((await ask(vera, id, file)).status).toBe(403);
  expect((await ask(dana, id, file, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  for (const name of ["..%2F..%2Fetc%2Fpasswd", ".manifest", "absent.gz", ""])
    expect((await ask(dana, id, name)).status).toBe(404);
  expect((await ask(dana, "../x", file)).status).toBe(404);
  expect(await acts(id)).toEqual(["ordered Dana Security", "created console"]);
});
