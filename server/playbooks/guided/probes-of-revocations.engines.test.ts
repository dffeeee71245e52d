import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { streamSignature } from "@/server/caracal/stream-signature";
import type { GuidedRunRow, Looking, SettledRow } from "@/server/playbooks/guided/playbook";
import { readersAlive } from "@/server/playbooks/guided/probe-revocation-backlog";
import { sessionsDead } from "@/server/playbooks/guided/probe-revocation-dead";
import { effectVisible, groupsPast, positionNow } from "@/server/playbooks/guided/probe-revocation-proof";

const stream = "caracal.sessions.revoke";
const groups = ["sts-revocation", "gateway-revocation"] as const;
let stage: KeyStage;
let zone: string;
const gateways: Server[] = [];
beforeAll(async () => {
  stage = await openKeyStage();
  zone = await stage.newZone();
});
afterAll(() => stage.close());
beforeEach(async () => {
  await redis().del(stream);
  await stage.caracalOwner.query("DELETE FROM sessions");
  for (const group of groups) await redis().xgroup("CREATE", stream, group, "0", "MKSTREAM");
});
afterEach(() => {
  for (const server of gateways.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const redis = () => stage.caracal.redis;
const looking = (over: Partial<Looking["caracal"]> = {}, more: Partial<Looking> = {}): Looking => ({
  db: stage.db,
  caracal: { ...stage.caracal, ...over },
  run: { created_by_id: stage.actor.id } as GuidedRunRow,
  settled: new Map(),
  thorough: true,
  keks: stage.ctx.keks,
  ...more,
});
/** Publishes a message for each session, in order, signed or forged; gives their ids. */
async function publish(sids: readonly string[], signed = true): Promise<string[]> {
  const batch = redis().pipeline();
  for (const sid of sids) {
    const fields = { zone_id: zone, session_id: sid };
    const signature = signed ? streamSignature(stage.caracal.streamsKey as Buffer, stream, fields) : "0".repeat(64);
    batch.xadd(stream, "*", ...Object.entries({ ...fields, _sig: signature }).flat());
  }
  return ((await batch.exec()) ?? []).map(([, id]) => String(id));
}
async function read(group: string, ack = true): Promise<void> {
  for (;;) {
    const reply = (await redis().xreadgroup("GROUP", group, `${group}-1`, "COUNT", "1000", "STREAMS", stream, ">")) as
      | [string, [string][]][]
      | null;
    const ids = reply?.[0]?.[1].map(([id]) => id) ?? [];
    if (ids.length === 0) return;
    if (ack) await redis().xack(stream, group, ...ids);
  }
}
const session = (id: string, status: string) =>
  stage.caracalOwner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES ($1, $2, 'user', 'u', $3, now() + interval '1 hour')
     ON CONFLICT (id) DO UPDATE SET status = $3`,
    [id, zone, status],
  );
const many = (count: number) => Array.from({ length: count }, (_, n) => `gone-${n}`);
/** Gateways that say to hold so many revocations each; null: one that says nothing of it. */
async function gatewaysThatHold(...held: readonly (number | null)[]): Promise<Looking["caracal"]["replicas"]> {
  return Promise.all(
    held.map(async (holds, at) => {
      const server = createServer((_, response) =>
        response.end(holds === null ? "" : JSON.stringify({ revocations_active: holds })),
      );
      gateways.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return { id: `gateway-${at + 1}`, kind: "gateway" as const, url: `http://127.0.0.1:${port}` };
    }),
  );
}

describe("whoever reads is alive", () => {
  test("a group that is behind without any consumer is read by nobody, though its service answers ready", async () => {
    await publish(many(500));
    await read("sts-revocation");
    const replicas = await gatewaysThatHold(0);
    expect(await readersAlive(looking({ replicas }))).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/gateway-revocation: 500 unread and no consumer/),
    });
    await read("gateway-revocation");
    expect(await readersAlive(looking({ replicas }))).toMatchObject({
      done: true,
      sentence: "gateway-1: ready. Each group has a consumer that asks.",
    });
  });

  test("with nothing unread and no consumer it cannot be told, and is not said", async () => {
    const ids = await publish(many(1));
    await read("sts-revocation");
    await redis().xgroup("SETID", stream, "gateway-revocation", ids[0] ?? "");
    const told = await readersAlive(looking());
    expect(told.done).toBeNull();
    expect(told.sentence).toMatch(
      /A consumer asks for sts-revocation\. Whether anybody reads for gateway-revocation cannot be told/,
    );
    expect(told.sentence).not.toContain("Each group");
  });

  test("a group that was destroyed is named", async () => {
    await publish(many(1));
    await read("sts-revocation");
    await redis().xgroup("DESTROY", stream, "gateway-revocation");
    expect(await readersAlive(looking())).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/gateway-revocation: there is no such group/),
    });
  });
});

describe("every named session is dead", () => {
  test("a forged message holds nothing up and has nobody revoked: it is named apart", async () => {
    await session("victim", "active");
    await session("meant", "revoked");
    await publish(["meant"]);
    const [forged] = await publish(["victim", "no\0session"], false);
    const told = await sessionsDead(looking());
    expect(told).toMatchObject({
      done: true,
      sentence: expect.stringMatching(/None of the 1 sessions that 1 messages/),
    });
    expect(told.sentence).toMatch(/Left out: 2 messages whose signature does not hold.* 1 .* are active, victim first/);
    expect(told.sentence).not.toContain("revoke them");
    expect(forged).toBeDefined();
    await session("meant", "active");
    expect(await sessionsDead(looking())).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/1 of 1 named sessions are still active, meant first: revoke them\. Left out/),
    });
  });

  test("without STREAMS_HMAC_KEY it cannot be told whether a live session was meant; that all are dead can", async () => {
    await session("either", "active");
    await publish(["either"], false);
    expect(await sessionsDead(looking({ streamsKey: null }))).toMatchObject({
      done: null,
      sentence: expect.stringMatching(/STREAMS_HMAC_KEY is not set here/),
    });
    expect((await sessionsDead(looking())).done).toBeNull(); // no message holds at all: the key may be the one that differs
    await session("either", "revoked");
    expect((await sessionsDead(looking({ streamsKey: null }))).done).toBe(true);
  });

  test("what the slowest group has not been given, and what has been pending for long, counts too", async () => {
    const again = Array.from({ length: 1_200 }, () => "gone");
    await session("unread", "active");
    await publish(["unread", ...again]);
    await read("sts-revocation");
    expect((await sessionsDead(looking())).sentence).toMatch(/1 of 2 named sessions are still active, unread first/);
    await read("gateway-revocation");
    await session("unread", "revoked");
    expect((await sessionsDead(looking())).done).toBe(true);

    await session("stuck", "active");
    await publish(["stuck"]);
    await read("gateway-revocation", false);
    await publish(again);
    for (const group of groups) await read(group);
    expect(await sessionsDead(looking())).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/named sessions are still active, stuck first/),
    });
    await session("stuck", "revoked");
    const [[id]] = (await redis().xpending(stream, "gateway-revocation", "-", "+", 1)) as [[string]];
    await redis().xdel(stream, id);
    expect(await sessionsDead(looking())).toMatchObject({
      done: null,
      sentence: expect.stringMatching(/1 pending messages are no longer in the stream/),
    });
  });

  test("what is more than one look goes through is not said to be dead", async () => {
    await publish(many(10_600));
    await read("sts-revocation");
    expect(await sessionsDead(looking({}, { thorough: false }))).toMatchObject({
      done: null,
      sentence: expect.stringMatching(/More than 10,000 messages are to be gone through/),
    });
    expect((await sessionsDead(looking())).done).toBe(true);
  });

  test("revocations that wait in the coordinator's outbox are not out either", async () => {
    await stage.caracalOwner.query(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status) VALUES ('c', 'coordinator', $1, 'c', '{}', 'pending')",
      [stream],
    );
    expect((await sessionsDead(looking())).sentence).toMatch(/1 revocations are written and not published yet/);
    await stage.caracalOwner.query("DELETE FROM caracal_outbox");
    expect((await sessionsDead(looking())).done).toBe(true);
  });
});

test("past is what is past the stream's id of then, whatever the clocks of the databases say", async () => {
  await publish(["a"]);
  const kept = await positionNow(looking());
  const settled = (hours: number, position = kept) =>
    new Map([
      [
        "force",
        {
          step: "force",
          outcome: "done",
          settled_at: new Date(Date.now() + hours * 3_600_000),
          kept: position,
        } as SettledRow,
      ],
    ]);
  for (const hours of [-2, 2]) {
    expect(await groupsPast(looking({}, { settled: settled(hours) }))).toMatchObject({
      done: false,
      sentence: `Not past ${kept.lastId} yet: gateway-revocation is at 0-0; sts-revocation is at 0-0.`,
    });
  }
  for (const group of groups) await read(group);
  const [later] = await publish(["b"]);
  for (const hours of [-2, 2]) expect((await groupsPast(looking({}, { settled: settled(hours) }))).done).toBe(true);
  expect((await groupsPast(looking())).done).toBe(false); // of a run that kept none: the newest
  await redis().xdel(stream, later ?? "");
  expect((await groupsPast(looking())).done).toBe(true); // nothing more to be given
  const ahead = { ...kept, lastId: `${Date.now() + 60_000}-0` };
  expect(await groupsPast(looking({}, { settled: settled(0, ahead) }))).toMatchObject({
    done: false,
    sentence: expect.stringMatching(/The stream was made anew/),
  });
});

describe("the effect is seen", () => {
  const effect = async (held: readonly (number | null)[], over: Partial<Looking["caracal"]> = {}) =>
    effectVisible(looking({ replicas: await gatewaysThatHold(...held), ...over }));

  test("nothing that could be looked at is no yes, nor is a gateway that says nothing", async () => {
    await publish(["a", "b"]);
    expect(await effect([])).toMatchObject({ done: null, sentence: expect.stringMatching(/cannot be seen from here/) });
    expect(await effect([2, null])).toMatchObject({
      done: null,
      sentence: expect.stringMatching(/^gateway-2 did not say/),
    });
    expect(await effect([1, 1])).toMatchObject({ done: true, sentence: expect.stringMatching(/are seen to be/) });
  });

  test("one gateway does not answer for another, nor one old revocation for many", async () => {
    await publish(["a", "b"]);
    expect(await effect([2, 0])).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/gateway-2 holds none/),
    });
    expect(await effect([1])).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/gateways hold 1 together/),
    });
  });

  test("a session that Postgres says is active has not been revoked, however many there are", async () => {
    await session("last", "active");
    await publish(["last", ...many(300)]);
    expect(await effect([301])).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/^Of 301 .* 1 are still active in Postgres, last first/),
    });
    await publish(["forged"], false);
    await session("last", "revoked");
    expect((await effect([301])).done).toBe(true);
    expect((await effect([301], { streamsKey: null })).done).toBeNull(); // 302 named, and one of them may be forged
  });

  test("resource servers are asked for every one of them", async () => {
    await redis().xgroup("CREATE", stream, "resource-revocation", "0");
    await publish(many(600));
    await read("resource-revocation");
    await redis().mset(
      ...many(600)
        .slice(1)
        .flatMap((sid) => [`caracal:revoked:sessions:${sid}`, "1"]),
    );
    expect((await effect([600])).sentence).toMatch(/resource servers hold 599 of 600/);
    await redis().set("caracal:revoked:sessions:gone-0", "1");
    expect((await effect([600])).done).toBe(true);
    await redis().del(...many(600).map((sid) => `caracal:revoked:sessions:${sid}`));
  });
});
