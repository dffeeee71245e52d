import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { getItem } from "@/server/evidence/vault/views";
import { answerEvidence } from "@/server/trpc/answer-evidence";
import type { TRPCContext } from "@/server/trpc/context";

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
const ask = (actor: Actor | null, itemId: string, file: string, headers: Record<string, string> = {}) =>
  answerEvidence(new Request(`https://c/api/evidence/${itemId}?file=${file}`, { headers }), itemId, () =>
    Promise.resolve({
      actor,
      signInId: null,
      requestId: "r",
      request: null,
      console: { db: stage.db, stores: stage.stores },
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

test("only who may see names downloads; nobody asks for a way out of the vault, nor from a foreign page", async () => {
  expect((await ask(null, id, file)).status).toBe(401);
  expect((await ask(vera, id, file)).status).toBe(403);
  expect((await ask(dana, id, file, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  for (const name of ["..%2F..%2Fetc%2Fpasswd", ".manifest", "absent.gz", ""])
    expect((await ask(dana, id, name)).status).toBe(404);
  expect((await ask(dana, "../x", file)).status).toBe(404);
  expect(await acts(id)).toEqual(["ordered Dana Security", "created console"]);
});
