import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { exchangeAt } from "@/e2e/fixtures/exchange";
import { approve, askForApproval, callMutation, execute } from "@/e2e/fixtures/record";
import { expect, type Stand, test } from "@/e2e/fixtures/stand";
import { toEntries } from "@/sandbox/services/shared/streams";

const letters = "caracal.audit.events.dlq";
const background = { timeout: 60_000 }; // for what services and workers do in their own time
const outages = 8; // of twelve honest events each
const honest = outages * 12 + 12; // and those that came while audit had another key
const faulty = ["tampered", "replay", "signature", "no-data", "json", "refused"];

/** The letters as Redis holds them, in the form in which an archive keeps them. */
const held = async (stand: Stand) =>
  (await stand.redis.xrange(letters, "-", "+")).map(([id, flat]) => ({
    id,
    fields: Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""]),
  }));
const lettersReach = (stand: Stand, count: number) =>
  expect.poll(() => stand.redis.xlen(letters), background).toBe(count);
/** How many events ingestion has not been given, or not acknowledged yet. */
async function unread(stand: Stand): Promise<number> {
  const groups = (await stand.redis.xinfo("GROUPS", "caracal.audit.events")) as (string | number | null)[][];
  const ingestor = groups.find((group) => group.includes("audit-ingestor")) ?? [];
  const figure = (name: string) => Number(ingestor[ingestor.indexOf(name) + 1] ?? Number.NaN);
  return figure("lag") + figure("pending");
}
const recorded = async (stand: Stand, ids: readonly string[]) =>
  (await stand.caracal.query("SELECT 1 FROM audit_events WHERE id = ANY ($1)", [ids])).rows.length;

/** One letter of each fault, honest ones that an outage left, and honest ones that a wrong key refused. */
async function fillDeadLetters(stand: Stand): Promise<void> {
  await stand.redis.xtrim(letters, "MAXLEN", 0);
  await exchangeAt(stand, "sts-1"); // the event that is sent once more with another decision must be recorded before
  const [newest] = toEntries(await stand.redis.xrevrange("caracal.audit.events", "+", "-", "COUNT", 1));
  await expect.poll(() => recorded(stand, [newest?.fields.id ?? ""]), background).toBe(1);
  for (const fault of faulty) await stand.drill(`poison-dlq-${fault}`);
  for (let outage = 0; outage < outages; outage += 1) await stand.drill("poison-dlq-outage");
  await lettersReach(stand, faulty.length + honest - 12);
  await stand.drill("wrong-audit-key");
  await lettersReach(stand, faulty.length + honest);
  await stand.drill("restore-audit-key");
}

const state = (page: Page, words: string) => expect(page.locator("h1")).toContainText(words, background);
const progress = (page: Page) => page.getByRole("status").filter({ hasText: /retired,/ });
const group = (page: Page, cause: string) =>
  page.getByRole("region", { name: "Dead letters by class and cause" }).getByRole("row").filter({ hasText: cause });
async function retiredOf(page: Page): Promise<number> {
  return Number(/^(\d+) of/.exec((await progress(page).textContent()) ?? "")?.[1]);
}
async function setRate(page: Page, rate: string): Promise<void> {
  await page.getByLabel("Entries a second").fill(rate);
  await page.getByRole("button", { name: "Set rate" }).click();
  await expect(page.getByRole("button", { name: "Set rate" })).toBeDisabled(background); // what is typed is what it runs by
}

test("dead letters from the list to the last one: sorted, sent back, held up, stopped, finished, the rest discarded by two", async ({
  stand,
  signedIn,
}) => {
  test.setTimeout(300_000);
  const [dana, sol] = await Promise.all([signedIn("responder"), signedIn("security")]);
  try {
    await fillDeadLetters(stand);
    const before = await held(stand);

    await test.step("listed and classified: a conflict and a security signal cannot be chosen", async () => {
      await dana.goto(`/streams/${letters}`);
      await expect(dana.getByText(`${before.length} in the queue`)).toBeVisible();
      await dana.getByRole("button", { name: "List and classify" }).click();
      await expect(dana).toHaveURL(/\/streams\/redrives\/[0-9a-f-]{36}/, background);
      await state(dana, "ready, nothing moved yet");
      await expect(group(dana, "tamper_on_replay")).toContainText(/Conflicts.*cannot go back, whatever is clicked/);
      await expect(group(dana, "Security signals")).toContainText("somebody presented a mandate again");
      await expect(group(dana, "transient_exceeded")).toContainText(`${honest - 12}Go back as they were`);
      await expect(group(dana, "hmac_verify_failed").filter({ hasText: "Missing" })).toContainText("12Go back");
      await expect(group(dana, "hmac_verify_failed").filter({ hasText: "Bad signatures" })).toContainText("1Stay");
      const offered = dana.getByRole("group", { name: "What goes" }).getByRole("checkbox");
      await expect(offered).toHaveCount(2);
      for (const one of await offered.all()) await expect(one).toHaveAccessibleName(/^Missing: \d+ letters by/);
      const runId = dana.url().split("/").at(-1);
      for (const kind of ["conflict", "security-signal"]) {
        const forced = { runId, classes: ["missing", kind], rate: null, canary: 0, reason: "By hand, past the page" };
        expect((await callMutation(dana, "redrive.start", forced)).status).toBe(400);
      }
      expect(await held(stand)).toEqual(before);
    });

    await test.step("the originals are downloaded: every letter as Redis holds it, under the digest shown", async () => {
      const downloading = dana.waitForEvent("download");
      await dana.getByRole("link", { name: "Download as JSON lines" }).click();
      const bytes = await readFile(await (await downloading).path());
      const lines = bytes.toString("utf8").trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line))).toEqual(before);
      await expect(dana.getByTitle(createHash("sha256").update(bytes).digest("hex"))).toBeVisible();
      await expect(dana.getByText("first by Dana Responder")).toBeVisible(background);
    });

    await test.step("started by one person, slowly; the canary goes first", async () => {
      await dana.getByLabel("Entries a second").fill("1");
      await dana.getByLabel("Canary").fill("2");
      await dana.getByLabel("Stop when readers are behind by").fill("10");
      await dana.getByRole("button", { name: "Start the redrive" }).click();
      const dialog = dana.getByRole("dialog");
      await expect(dialog).toContainText(`${honest} go back to caracal.audit.events, 0 are retired`);
      await dialog.getByRole("textbox").fill("Postgres takes rows again and audit has its key");
      await dialog.getByRole("button", { name: "Yes, start it" }).click();
      await expect(dialog).toBeHidden(background);
      await state(dana, "running");
      await expect(dana.getByText("2 first, all arrived")).toBeVisible(background);
    });

    await test.step("it stops by itself when ingestion falls behind, and says why", async () => {
      await stand.drill("pause-audit");
      await Promise.all(Array.from({ length: 14 }, () => exchangeAt(stand, "sts-1")));
      await state(dana, "stopped by itself");
      await expect(dana.getByRole("alert").filter({ hasText: "It stopped by itself" })).toContainText(
        /audit-ingestor is \d+ behind, over the limit of 10\./,
      );
      expect(await retiredOf(dana)).toBeLessThan(honest);
      await setRate(dana, "5");
      await stand.drill("resume-audit");
      await expect.poll(() => unread(stand), background).toBe(0);
      await state(dana, "stopped by itself"); // nobody but a person lets it go on
    });

    await test.step("resumed, paused by hand, resumed and cancelled: what was settled stays settled", async () => {
      const stopped = await retiredOf(dana);
      await dana.getByRole("button", { name: "Resume" }).click();
      await state(dana, "running");
      await expect.poll(() => retiredOf(dana), background).toBeGreaterThan(stopped);
      await dana.getByRole("button", { name: "Pause", exact: true }).click();
      await expect(dana.getByRole("alert").filter({ hasText: "Dana Responder: Paused by hand." })).toBeVisible(
        background,
      );
      await dana.getByRole("button", { name: "Cancel", exact: true }).click();
      await dana.getByRole("dialog").getByRole("button", { name: "Yes, cancel it" }).click();
      await state(dana, "cancelled");
      const settled = await retiredOf(dana);
      await expect(progress(dana)).toHaveText(
        `${settled} of ${honest} retired, none failed, ${honest - settled} not touched.`,
      );
      const left = await held(stand);
      expect(left).toHaveLength(before.length - settled);
      const gone = before.filter(({ id }) => !left.some((letter) => letter.id === id));
      const events = gone.map(({ fields }) => fields.find(([name]) => name === "src_id")?.[1] ?? "");
      expect(await recorded(stand, events)).toBe(settled);

      await dana.getByRole("button", { name: "Resume" }).click();
      await dana.getByLabel("Entries a second").fill("");
      await dana.getByRole("button", { name: "Set rate" }).click();
      await state(dana, "finished");
      await expect(progress(dana)).toHaveText(`${honest} of ${honest} retired, none failed.`);
      await lettersReach(stand, faulty.length);
    });

    await test.step("one asks to discard, another approves, and exactly those are gone", async () => {
      const classes = dana.getByRole("group", { name: "Which of those that stay" });
      await classes.getByRole("checkbox", { name: /^Bad signatures: 1 letter/ }).check();
      await classes.getByRole("checkbox", { name: /^Unreadable: 2 letters/ }).check();
      await dana.getByRole("button", { name: "See what would be deleted" }).click();
      await expect(dana.getByText(/3 dead letters are deleted from caracal\.audit\.events\.dlq/).first()).toBeVisible();
      const id = await askForApproval(dana, "Drills of today: nothing in them was ever an event");
      await expect(dana.getByRole("button", { name: "Approve", exact: true })).toBeHidden();
      expect(await stand.redis.xlen(letters)).toBe(faulty.length);
      await sol.goto(`/approvals/${id}`);
      await approve(sol);
      await execute(dana);
      await lettersReach(stand, 3);
      const kept = (await held(stand)).map(({ fields }) => Object.fromEntries(fields).reason ?? "");
      expect(kept.map((reason) => reason.split(":")[0]).sort()).toEqual([
        "hmac_verify_failed",
        "pg_permanent_error",
        "tamper_on_replay",
      ]);
    });

    await test.step("the stream's page tells of all of it", async () => {
      await dana.goto(`/streams/${letters}`);
      const runs = dana.getByRole("listitem");
      await expect(runs.filter({ hasText: "Discard of dead letters" })).toContainText("3 of 3 retired, none failed.");
      await expect(runs.filter({ hasText: "Redrive of dead letters" })).toContainText(`${honest} of ${honest} retired`);
    });
  } finally {
    await stand.drill("restore");
    await stand.redis.xtrim(letters, "MAXLEN", 0);
  }
});
