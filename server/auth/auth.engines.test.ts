import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLocalAccount, createLocalAccount } from "@/server/auth/local-accounts";
import { recordOidcPerson } from "@/server/auth/oidc-people";
import { actorOf, endSignIn, listSignIns, openSignIn, signOutEverywhere } from "@/server/auth/sign-ins";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let fresh: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;

beforeAll(async () => {
  fresh = await freshConsoleDatabase();
  db = openDatabase({ url: fresh.url, label: "The console's own Postgres", max: 8, statementTimeoutMs: 5_000 });
});
afterAll(async () => {
  await db.close();
  await fresh.drop();
});

const password = "correct horse battery";
const account = (username: string) =>
  createLocalAccount({ db, username, displayName: username, roles: ["responder"], password });
const check = (username: string, given: string, address = "192.0.2.1") =>
  checkLocalAccount({ db, input: { username, password: given, address } });
const enter = (personId: string) =>
  openSignIn({ db, input: { personId, method: "local", userAgent: "test", address: "192.0.2.1" } });

describe("local accounts", () => {
  test("the right password gives the person, whatever the case of the name; the hash is not the password", async () => {
    const id = await account("Dana");
    expect(await check(" dana ", password)).toBe(id);
    const [row] = await db.query<{ password_hash: string }>("SELECT password_hash FROM people WHERE id = $1", [id]);
    expect(row?.password_hash).toMatch(/^scrypt\$15\$8\$1\$/);
    expect(row?.password_hash).not.toContain(password);
  });

  test("a wrong password, an unknown name and a deactivated account get the same answer", async () => {
    const id = await account("gone");
    await db.query("UPDATE people SET active = false WHERE id = $1", [id]);
    expect([await check("dana", "wrong"), await check("nobody", password), await check("gone", password)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("a taken name and a short password are refused", async () => {
    await account("twice");
    await expect(account("TWICE")).rejects.toMatchObject({ code: "conflict" });
    await expect(
      createLocalAccount({ db, username: "short", displayName: "Short", roles: [], password: "x" }),
    ).rejects.toMatchObject({ code: "bad_input" });
  });

  test("guessing is cut off after five failures, also when tried at once, and only from that address", async () => {
    const id = await account("target");
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => check("target", "guess", "198.51.100.7")));
    expect(tries.filter((one) => one.status === "fulfilled")).toHaveLength(5);
    await expect(check("target", password, "198.51.100.7")).rejects.toMatchObject({ code: "rate_limited" });
    expect(await check("target", password, "203.0.113.9")).toBe(id);
  });

  test("successes never add up to a limit", async () => {
    const id = await account("busy");
    for (let round = 0; round < 8; round += 1) expect(await check("busy", password, "203.0.113.20")).toBe(id);
  });
});

describe("sign-ins", () => {
  test("carry today's roles, and end at once when ended", async () => {
    const id = await account("remy");
    const signIn = await enter(id);
    expect(await actorOf(db, signIn)).toEqual({ id, name: "remy", roles: ["responder"] });
    await db.query("UPDATE people SET roles = '{viewer}' WHERE id = $1", [id]);
    expect((await actorOf(db, signIn))?.roles).toEqual(["viewer"]);
    const ctx = { db, actor: { id } };
    expect(await endSignIn({ ctx, input: { id: signIn } })).toEqual({ ended: true });
    expect(await actorOf(db, signIn)).toBeNull();
    expect(await endSignIn({ ctx, input: { id: signIn } })).toEqual({ ended: false });
    await expect(endSignIn({ ctx, input: { id: "00000000-0000-4000-8000-000000000000" } })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("end when the person is deactivated, when they expire and when nobody used them for two hours", async () => {
    const id = await account("ari");
    const [expired, idle, open] = [await enter(id), await enter(id), await enter(id)];
    await db.query("UPDATE sign_ins SET expires_at = now() WHERE id = $1", [expired]);
    await db.query("UPDATE sign_ins SET last_seen_at = now() - interval '121 minutes' WHERE id = $1", [idle]);
    expect(await actorOf(db, expired)).toBeNull();
    expect(await actorOf(db, idle)).toBeNull();
    expect(await actorOf(db, open)).not.toBeNull();
    await db.query("UPDATE people SET active = false WHERE id = $1", [id]);
    expect(await actorOf(db, open)).toBeNull();
    await expect(enter(id)).rejects.toMatchObject({ code: "forbidden" });
  });

  test("signing out everywhere ends one's own and nobody else's", async () => {
    const [mine, other] = [await account("sol"), await account("cleo")];
    const [first, second, theirs] = [await enter(mine), await enter(mine), await enter(other)];
    expect(await signOutEverywhere({ ctx: { db, actor: { id: mine } } })).toEqual({ ended: 2 });
    expect([await actorOf(db, first), await actorOf(db, second)]).toEqual([null, null]);
    expect(await actorOf(db, theirs)).not.toBeNull();
  });

  test("are listed newest first, page by page, each once; a foreign cursor is refused", async () => {
    const id = await account("ada");
    for (let count = 0; count < 7; count += 1) await enter(id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await listSignIns({ ctx: { db }, input: { cursor, limit: 3 } });
      seen.push(...page.rows.map((row) => row.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const all = await db.query<{ id: string }>("SELECT id FROM sign_ins ORDER BY created_at DESC, id DESC");
    expect(seen).toEqual(all.map((row) => row.id));
    for (const bad of ["x", Buffer.from("2026-99-99T00:00:00.000000Z|nope").toString("base64url")])
      await expect(listSignIns({ ctx: { db }, input: { cursor: bad, limit: 3 } })).rejects.toMatchObject({
        code: "stale_cursor",
      });
  });
});

describe("people of the identity provider", () => {
  const from = (roles: readonly ("viewer" | "responder")[]) =>
    recordOidcPerson({
      db,
      input: { issuer: "https://idp.example", subject: "s-1", username: "Dana", displayName: "Dana", roles },
    });

  test("are one person by issuer and subject, with the roles of their last sign-in, apart from local accounts", async () => {
    const first = await from(["responder"]);
    const again = await from(["viewer"]);
    expect(again).toEqual(first);
    expect((await actorOf(db, await enter(first.id)))?.roles).toEqual(["viewer"]);
    expect(await check("dana", password)).not.toBe(first.id);
  });

  test("who lost every group loses every role at once", async () => {
    const person = await from(["responder"]);
    const signIn = await enter(person.id);
    await from([]);
    expect((await actorOf(db, signIn))?.roles).toEqual([]);
  });
});
