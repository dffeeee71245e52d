import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, readdir, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { verifyItem } from "@/server/evidence/vault/verify-item";
import { advanceOneItem } from "@/server/evidence/vault/vault-worker";
import { getItem } from "@/server/evidence/vault/views";

const kills = 14;
const script = fileURLToPath(new URL("../../../node_modules/.cache/vault-process.mjs", import.meta.url));
let stage: VaultStage;

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("../../../sandbox/evidence-stage/vault-process.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: { "@": fileURLToPath(new URL("../../..", import.meta.url)) },
  });
  stage = await vaultStage();
}, 60_000);
afterAll(() => stage?.close());

const view = (itemId: string) => getItem({ ctx: { db: stage.db, actor: stage.actor }, input: { itemId } });

/** One worker of its own; gives how it ended. */
async function run(dieBefore: number | null): Promise<{ signal: string | null; said: string }> {
  const child = spawn(process.execPath, [script], {
    env: {
      ...process.env,
      VAULT_SETTINGS: JSON.stringify(stage.environment),
      ...(dieBefore === null ? {} : { DIE_BEFORE: String(dieBefore) }),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return { signal, said };
}

/** Each file under its own name, with its digest and identity. What has none of its own was never evidence. */
async function lying(itemId: string): Promise<Map<string, string>> {
  const folder = join(stage.folder, itemId);
  const names = await readdir(folder).catch(() => []);
  const found = new Map<string, string>();
  for (const name of names.filter((one) => !one.startsWith("."))) {
    const path = join(folder, name);
    const bytes = await readFile(path);
    if (name.endsWith(".gz")) gunzipSync(bytes); // whole: a truncated one throws
    found.set(name, `${createHash("sha256").update(bytes).digest("hex")} ${(await lstat(path)).ino}`);
  }
  return found;
}

/** How many unfinished files lie in an item's folder. */
const halvesOf = async (itemId: string) =>
  (await readdir(join(stage.folder, itemId)).catch(() => [])).filter((name) => name.startsWith(".")).length;

test("killed at any moment, an item is partial and never passed off as whole; it is done anew elsewhere, and nothing is overwritten", async () => {
  const parts = ["alerts", "rows"] as const;
  await stage.order({ parts });
  const { said } = await run(null);
  const steps = Number(/steps (\d+)/.exec(said)?.[1]);
  expect(steps).toBeGreaterThan(kills);
  let halves = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const at = 1 + Math.floor((kill * steps) / kills) + (kill % 3);
    const id = await stage.order({ parts });
    expect((await run(at)).signal).toBe("SIGKILL");
    const before = await lying(id);
    halves += await halvesOf(id);
    const item = await view(id);
    expect([at, item.state]).toEqual([at, item.state === "queued" ? "queued" : "running"]);
    for (let turn = 0; turn < 3; turn += 1) await advanceOneItem({ ...stage.worker, silentAfterSeconds: 0 });
    const after = await view(id);
    if (item.state === "queued") expect([at, after.state]).toEqual([at, "whole"]);
    else {
      expect([at, after.state]).toEqual([at, after.files.length > 0 ? "partial" : "failed"]);
      expect([at, after.manifestSha256]).toEqual([at, null]);
      expect([at, await lying(id)]).toEqual([at, before]);
      expect([at, await halvesOf(id)]).toEqual([at, 0]);
      for (const { name, sha256 } of after.files) expect([at, before.get(name)?.split(" ")[0]]).toEqual([at, sha256]);
      const anew = await view(after.redoneAs ?? "");
      expect([at, anew.state, anew.redoOf]).toEqual([at, "whole", id]);
      const verdict = await verifyItem({
        ctx: { db: stage.db, stores: stage.stores, actor: stage.actor },
        input: { itemId: anew.id },
      });
      expect([at, verdict.bad]).toEqual([at, []]);
    }
  }
  expect(halves).toBeGreaterThan(0); // some were killed in the middle of a file
}, 240_000);
