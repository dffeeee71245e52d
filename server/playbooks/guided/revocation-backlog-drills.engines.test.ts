import { afterAll, beforeAll, expect, test } from "vitest";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { newPerson } from "@/sandbox/new-person";
import { drills } from "@/sandbox/supervisor/drills";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import type { GuidedRunRow, Looking } from "@/server/playbooks/guided/playbook";
import { nothingStuck, readersAlive, signaturesHold } from "@/server/playbooks/guided/probe-revocation-backlog";
import { sessionsDead } from "@/server/playbooks/guided/probe-revocation-dead";
import { effectVisible, groupsPast } from "@/server/playbooks/guided/probe-revocation-proof";
import type { Probed } from "@/server/playbooks/guided/schemas";

const stream = "caracal.sessions.revoke";
let attached: AttachedConsole;
let caracal: Deployment;
let actor: Actor;
beforeAll(async () => {
  attached = await attachConsole();
  const gateways = attached.deployment.replicasOf("gateway");
  caracal = {
    ...attached.caracal,
    replicas: [
      ...attached.caracal.replicas,
      ...gateways.map(({ url }, at) => ({ id: `gateway-${at + 1}`, kind: "gateway" as const, url })),
    ],
  };
  actor = await newPerson(attached.db, "dana", ["responder"]);
}, 240_000);
afterAll(() => attached.close());

const drill = async (name: string) => drills[name]?.run(attached.deployment);
const looking = (): Looking => ({
  db: attached.db,
  caracal,
  run: { created_by_id: actor.id } as GuidedRunRow,
  settled: new Map(),
  thorough: false,
  keks: { current: async () => null } as unknown as Looking["keks"],
});
async function comesToSay(probe: (given: Looking) => Promise<Probed>, done: boolean | null, words: RegExp) {
  let last: Probed = { done: null, sentence: "never asked" };
  for (const deadline = Date.now() + 45_000; Date.now() < deadline; ) {
    last = await probe(looking());
    if (last.done === done && words.test(last.sentence)) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(last).toMatchObject({ done, sentence: expect.stringMatching(words) });
}

const publish = (sid: string): Promise<string> =>
  attached.witness.publish(stream, {
    zone_id: attached.deployment.seeded.stolen.zone.id,
    session_id: sid,
    reason: "drill",
  });
/** Every session that a message names. */
const namedSids = async (): Promise<string[]> => [
  ...new Set(
    (await caracal.redis.xrange(stream, "-", "+")).flatMap(([, fields]) => {
      const at = fields.indexOf("session_id");
      return at === -1 ? [] : (fields[at + 1] ?? []);
    }),
  ),
];

test("a frozen gateway is dead, a slow one is not", async () => {
  // Before Redis 7.2 a consumer shows itself only with its first delivery: each gateway is given something first.
  await comesToSay(
    async () => {
      await publish("nobody");
      const consumers = (await caracal.redis.xinfo("CONSUMERS", stream, "gateway-revocation")) as unknown[];
      return { done: consumers.length >= 2, sentence: `${consumers.length} gateways have shown themselves` };
    },
    true,
    /gateways/,
  );
  await comesToSay(readersAlive, true, /gateway-2: ready\. Each group has a consumer that asks/);
  await drill("pause-gateway");
  await comesToSay(readersAlive, false, /Dead or frozen, or too slow to tell: gateway-2/);
  await drill("resume-gateway");
  await drill("slow-gateway");
  const whilePublishing = async (given: Looking) => {
    await publish("nobody");
    return readersAlive(given);
  };
  await comesToSay(whilePublishing, true, /Slow, not dead, since its consumer asks: gateway-1: no answer within 2 s/);
  await drill("restart-gateway");
}, 180_000);

test("poison stays pending in the groups, and no group counts as past it before it is acknowledged", async () => {
  await comesToSay(nothingStuck, true, /Nothing has been pending/);
  await drill("poison-revocation");
  const groups = ["sts-revocation", "gateway-revocation"];
  for (const group of groups) {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      const found = (await caracal.redis.xpending(stream, group, "-", "+", 1)) as [string, string][];
      if (found[0] !== undefined) {
        const [id, holder] = found[0];
        await caracal.redis.call("XCLAIM", stream, group, holder, "0", id, "IDLE", "300000", "JUSTID");
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await comesToSay(nothingStuck, false, /sts-revocation: 1 pending, the oldest for \d+ s/);
  await comesToSay(groupsPast, false, /gateway-revocation has [\d-]+ pending/);
  await comesToSay(signaturesHold, true, /All of the newest/); // a poison message is signed
  for (const fields of (await caracal.redis.xinfo("GROUPS", stream)) as string[][]) {
    const group = String(fields[1]);
    const left = (await caracal.redis.xpending(stream, group, "-", "+", 10)) as [string][];
    for (const [id] of left) await caracal.redis.xack(stream, group, id);
  }
  await comesToSay(groupsPast, true, /are past [\d-]+, with nothing pending/);
}, 180_000);

test("an unsigned message is named as dropped", async () => {
  await drill("forged-revocation");
  await comesToSay(signaturesHold, false, /1 of the newest \d+ messages carry no signature that holds/);
}, 120_000);

test("services on another key read everything and apply nothing: what is pending says nothing, the effect does", async () => {
  const mint = async () => {
    const { rows } = await attached.witness.owner.query<{ id: string }>(
      `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at)
       SELECT gen_random_uuid()::text, $1, 'application', 'agent-drill', 'active', now() + interval '10 minutes' RETURNING id`,
      [attached.deployment.seeded.stolen.zone.id],
    );
    return rows[0]?.id ?? "";
  };
  const one = await mint();
  await publish(one);
  await comesToSay(groupsPast, true, /are past/);
  await attached.witness.owner.query("UPDATE sessions SET status = 'active' WHERE id = $1", [one]); // as if its reader had dropped it
  await comesToSay(sessionsDead, false, new RegExp(`${one} first: revoke them`));
  await attached.witness.owner.query("UPDATE sessions SET status = 'revoked' WHERE id = $1", [one]);
  await comesToSay(sessionsDead, true, /No|None/);
  // A gateway that restarted has forgotten, and gateways share the messages: all are published again until each holds some.
  await comesToSay(
    async (given) => {
      for (const sid of await namedSids()) await publish(sid);
      return effectVisible(given);
    },
    true,
    /are seen to be/,
  );
  await drill("wrong-stream-key");
  await publish(one);
  await comesToSay(groupsPast, true, /are past/);
  await comesToSay(effectVisible, false, /read and not applied: another STREAMS_HMAC_KEY/);
}, 240_000);
