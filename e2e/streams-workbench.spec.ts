import { expect } from "@playwright/test";
import { goOn, isNow, skip, step } from "@/e2e/fixtures/guided";
import { approve, askForApproval, execute } from "@/e2e/fixtures/record";
import { mint } from "@/e2e/fixtures/sessions";
import { type Stand, test } from "@/e2e/fixtures/stand";
import { streamSignature } from "@/server/caracal/stream-signature";

const stream = "caracal.sessions.revoke";
const group = "sts-revocation";
const dead = "sts-old-host-1-revocations";
/** Every session that a message names. */
const namedSids = async (stand: Stand): Promise<string[]> => [
  ...new Set(
    (await stand.redis.xrange(stream, "-", "+")).flatMap(([, fields]) => {
      const at = fields.indexOf("session_id");
      return at === -1 ? [] : (fields[at + 1] ?? []);
    }),
  ),
];
async function publish(stand: Stand, sid: string): Promise<string> {
  const fields = { zone_id: stand.deployment.seeded.stolen.zone.id, session_id: sid, reason: "journey" };
  const key = Buffer.from(stand.deployment.secrets.streamsHmacKey, "hex");
  const signed = { ...fields, _sig: streamSignature(key, stream, fields) };
  return String(await stand.redis.xadd(stream, "*", ...Object.entries(signed).flat()));
}

/** Two revocations that stand under a dead consumer's name, as after a crash: of one the session is revoked, of the other it is active. */
async function leavePending(stand: Stand): Promise<[string, string]> {
  const [revoked = "", active = ""] = await mint(stand, stand.deployment.seeded.stolen.zone.id, "agent-pel", 2);
  const ids: [string, string] = [await publish(stand, revoked), await publish(stand, active)];
  await expect
    .poll(async () => JSON.stringify(await stand.redis.xinfo("GROUPS", stream)), { timeout: 20_000 })
    .toMatch(new RegExp(`"${group}".*"pending",0,"last-delivered-id","${ids[1]}"`));
  await stand.caracal.query("UPDATE sessions SET status = 'active' WHERE id = $1", [active]);
  for (const id of ids)
    await stand.redis.call("XCLAIM", stream, group, dead, "0", id, "IDLE", "300000", "FORCE", "JUSTID");
  return ids;
}

test("pending entries are judged, claimed, acknowledged alone or by two, and the name left behind is removed", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(240_000);
  const [proved, open] = await leavePending(stand);
  const page = await signedIn("responder");

  await page.goto(`/streams/${stream}?tab=entries`);
  await page.getByLabel("Jump to a time (UTC) or an id").fill(new Date(Number(proved.split("-")[0])).toISOString());
  await page.keyboard.press("Enter");
  const entries = page
    .getByRole("region", { name: `Entries of ${stream}` })
    .or(page.getByLabel(`Entries of ${stream}`));
  await expect(entries.getByRole("row").nth(1)).toContainText(proved);
  await expect(entries.getByRole("row").nth(1)).toContainText("valid");

  await page.goto(`/streams/${stream}?tab=pending&group=${group}`);
  const row = (id: string) => page.getByRole("row", { name: new RegExp(id) });
  await expect(row(proved)).toContainText("Its session is revoked in Postgres");
  await expect(row(open)).toContainText("Its session is still active");
  await page.getByLabel("Choose every entry of this page").check();
  await page.getByRole("button", { name: "Claim", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("only when they start");
  await dialog.getByLabel("Claim to").selectOption({ index: 1 });
  await dialog.getByRole("textbox").fill("The host is gone");
  await dialog.getByRole("button", { name: "Yes, claim" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "The host is gone" })).toContainText("2 claimed");
  await expect(row(proved)).not.toContainText(dead);

  await page.getByLabel(`Choose ${proved}`).check();
  await page.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await dialog.getByRole("textbox").fill("Postgres says revoked");
  await dialog.getByRole("button", { name: "Yes, acknowledge" }).click();
  await expect(row(proved)).toBeHidden();

  await page.getByLabel(`Choose ${open}`).check();
  await page.getByRole("link", { name: "Ask to acknowledge" }).click();
  await expect(page.getByText(/1 of them dropped without proof/).first()).toBeVisible();
  const approvalId = await askForApproval(page, "The session is revoked by hand next");
  const second = await signedIn("responder2");
  await second.goto(`/approvals/${approvalId}`);
  await approve(second);
  await execute(page);
  await page.goto(`/streams/${stream}?tab=pending&group=${group}`);
  await expect(page.getByText(`${group} has acknowledged everything it was given.`)).toBeVisible();
  expect((await stand.redis.xpending(stream, group))[0]).toBe(0);

  await page.goto(`/streams/${stream}?tab=groups`);
  const name = page.getByRole("row", { name: new RegExp(dead) });
  await name.getByRole("button", { name: /^Remove/ }).click({ timeout: 90_000 });
  await dialog.getByRole("textbox").fill("Left by a restart");
  await dialog.getByRole("button", { name: "Yes, remove it" }).click();
  await expect(dialog).toBeHidden();
  await expect(name).toHaveCount(0);
  expect(JSON.stringify(await stand.redis.xinfo("CONSUMERS", stream, group))).not.toContain(dead);
});

test("a page of dead outbox rows is tried again by two people, and followed until they are published", async ({
  stand,
  signedIn,
}) => {
  await stand.caracal.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, last_error)
     SELECT 'dead-row-' || n || '-' || gen_random_uuid(), 'caracal.policy.invalidate', '{"zone_id": "z"}', 100, 'infinity', 'redis: connection refused'
       FROM generate_series(1, 50) AS n`,
  ); // their ids together are longer than an address may be
  const page = await signedIn("responder");
  await page.goto("/streams/outbox");
  await expect(page.getByRole("row", { name: /dead-row-1-/ })).toContainText("redis: connection refused");
  await page.getByLabel(/^Choose dead-row-1-/).check();
  await expect(page.getByText("1 row chosen.")).toBeVisible();
  await page.getByLabel("Choose every row shown").check();
  await expect(page.getByText("50 rows chosen.")).toBeVisible();
  await page.getByRole("link", { name: "Ask to try them again" }).click();
  const approvalId = await askForApproval(page, "Redis is back");
  const second = await signedIn("approver");
  await second.goto(`/approvals/${approvalId}`);
  await approve(second);
  await execute(page);
  await page.goto("/streams/outbox");
  await expect(page.getByText("50 published, 0 waiting, 0 dead again")).toBeVisible({ timeout: 30_000 });
  const { rows } = await stand.caracal.query(
    "SELECT 1 FROM event_outbox WHERE id LIKE 'dead-row-%' AND dispatched_at IS NULL",
  );
  expect(rows).toEqual([]);
});

test("the backlog playbook: dead told from slow, forged and stuck messages, Postgres first, every group past the newest, and readers that drop what they read", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(400_000);
  const left = "UPDATE event_outbox SET dispatched_at = now() WHERE dispatched_at IS NULL"; // by other journeys in this deployment
  await stand.caracal.query(left);
  const revoked = "UPDATE sessions SET status = 'revoked' WHERE status = 'active' AND id = ANY ($1)";
  await stand.caracal.query(revoked, [await namedSids(stand)]); // others published for sessions that live on
  const page = await signedIn("responder");
  await page.goto("/playbooks/guided/new?playbook=revocation-backlog");
  await page.getByLabel("Why it is started").fill("Revocations hang");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await isNow(page, "locate");
  await expect(step(page, "locate")).toContainText("gateway-revocation:");
  await goOn(page, "locate");

  await isNow(page, "alive");
  await stand.drill("pause-gateway");
  await expect(step(page, "alive")).toContainText(/Dead or frozen, or too slow to tell: gateway-2/, {
    timeout: 30_000,
  });
  await stand.drill("resume-gateway");
  await publish(stand, "nobody"); // before Redis 7.2 a consumer that is given nothing cannot be told from one that does not ask
  await goOn(page, "alive");
  await isNow(page, "signatures");
  await goOn(page, "signatures");

  await isNow(page, "pending");
  await stand.drill("poison-revocation");
  await expect.poll(async () => (await stand.redis.xpending(stream, group))[0]).toBe(1);
  const [[poison]] = (await stand.redis.xpending(stream, group, "-", "+", 1)) as [[string]];
  for (const one of [group, "gateway-revocation"]) {
    const [[, holder]] = (await stand.redis.xpending(stream, one, "-", "+", 1)) as [[string, string]];
    await stand.redis.call("XCLAIM", stream, one, holder, "0", poison, "IDLE", "300000", "JUSTID");
  }
  await expect(step(page, "pending")).toContainText(/sts-revocation: 1 pending, the oldest for \d+ s/, {
    timeout: 30_000,
  });
  await skip(page, "pending", "A drill's own message: it names no session");

  const [sid = ""] = await mint(stand, stand.deployment.seeded.stolen.zone.id, "agent-backlog", 1);
  const published = await publish(stand, sid);
  await expect
    .poll(async () => JSON.stringify(await stand.redis.xinfo("GROUPS", stream)), { timeout: 20_000 })
    .toContain(published);
  await stand.caracal.query("UPDATE sessions SET status = 'active' WHERE id = $1", [sid]); // as if its reader had dropped it
  await expect(step(page, "force")).toContainText(`1 of`, { timeout: 30_000 });
  await expect(step(page, "force")).toContainText("still active");
  await stand.caracal.query("UPDATE sessions SET status = 'revoked' WHERE status = 'active' AND id = $1", [sid]);
  await goOn(page, "force");

  await isNow(page, "proof");
  await expect(step(page, "proof")).toContainText(`has ${poison} pending`, { timeout: 30_000 });
  for (const one of [group, "gateway-revocation"]) await stand.redis.xack(stream, one, poison);
  const resources = (await stand.redis.xinfo("GROUPS", stream)) as string[][];
  for (const fields of resources) await stand.redis.xack(stream, String(fields[1]), poison);
  await goOn(page, "proof");

  await isNow(page, "effect");
  // A gateway that restarted has forgotten, and gateways share the messages: all are published again until each holds some.
  await expect(async () => {
    for (const one of await namedSids(stand)) await publish(stand, one);
    await expect(step(page, "effect")).toContainText(/seen to be/, { timeout: 3_000 });
  }).toPass({ timeout: 60_000 });
  await stand.drill("wrong-stream-key");
  const [dropped = ""] = await mint(stand, stand.deployment.seeded.stolen.zone.id, "agent-backlog", 1);
  await stand.caracal.query("UPDATE sessions SET status = 'revoked' WHERE id = $1", [dropped]);
  await publish(stand, dropped);
  await expect(step(page, "effect")).toContainText(/They were read and not applied: another STREAMS_HMAC_KEY/, {
    timeout: 60_000,
  });
  await stand.drill("restore-stream-key");
});
