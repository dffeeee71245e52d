import fc from "fast-check";
import { actsOn } from "@/sandbox/approval-stage/acts";
import { type ApprovalStage, type Asked, pastSql, swapSql } from "@/sandbox/approval-stage/stage";
import { expireRequests } from "@/server/approvals/expire-requests";
import type { Role } from "@/server/auth/roles";
import { DomainError, messageOf } from "@/server/platform/errors";

const names = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"] as const;
const roleSets: readonly (readonly Role[])[] = [
  ["responder"],
  ["approver"],
  ["security"],
  ["viewer"],
  ["responder", "approver"],
  ["responder", "security"],
  ["admin"],
];
/** What people begin with: enough of everybody that schedules get somewhere. */
const first = [4, 5, 0, 1, 2, 4, 1, 6];

/** `on` counts back from the newest request; how many exist is only known as the schedule runs. */
export type Command =
  | { readonly kind: "request"; readonly by: number; readonly key: boolean }
  | { readonly kind: "vote"; readonly by: number; readonly on: number; readonly deny: boolean; readonly stale: boolean }
  | { readonly kind: "withdraw" | "cancel" | "execute"; readonly by: number; readonly on: number }
  | { readonly kind: "expire"; readonly on: number }
  | { readonly kind: "swap"; readonly on: number }
  | { readonly kind: "unseat"; readonly on: number; readonly requester: boolean; readonly roles: boolean }
  | { readonly kind: "roles"; readonly by: number; readonly roles: number }
  | { readonly kind: "active"; readonly by: number; readonly active: boolean };

const by = fc.nat({ max: names.length - 1 });
const on = fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 1 }) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) });
const mostly = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const one = (kind: "withdraw" | "cancel" | "execute") => fc.record({ kind: fc.constant(kind), by, on });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("request" as const), by, key: mostly(2) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("vote" as const), by, on, deny: mostly(14), stale: mostly(14) }),
  },
  { weight: 6, arbitrary: one("execute") },
  { weight: 4, arbitrary: one("withdraw") },
  { weight: 2, arbitrary: one("cancel") },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("unseat" as const), on, requester: mostly(2), roles: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), on }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("swap" as const), on }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("roles" as const), by, roles: fc.nat({ max: roleSets.length - 1 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("active" as const), by, active: mostly(2).map((off) => !off) }),
  },
);
type Batch = readonly Command[];
/** A request on its best way, with one thing going wrong before or while it is executed: what random commands seldom reach. */
const story: fc.Arbitrary<readonly Batch[]> = fc
  .record({
    asks: fc.constantFrom(0, 1, 2, 5),
    votes: fc.constantFrom(3, 4, 6),
    wrong: fc.option(command, { freq: 1 }),
    unseat: fc.record({
      kind: fc.constant("unseat" as const),
      on: fc.constant(0),
      requester: mostly(2),
      roles: fc.boolean(),
    }),
    whenever: fc.boolean(),
  })
  .map(({ asks, votes, wrong, unseat, whenever }) => {
    const execute = [0, 1, 2, 5].map((by) => ({ kind: "execute" as const, by, on: 0 }));
    const between = wrong ?? unseat;
    return [
      [{ kind: "request", by: asks, key: false }],
      [{ kind: "vote", by: votes, on: 0, deny: false, stale: false }],
      ...(whenever ? [[between, ...execute]] : [[between], execute]),
    ];
  });

/** Batches of commands; those of one batch are sent at the same time. */
export const schedule = (parts: number): fc.Arbitrary<readonly Batch[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.array(command, { minLength: 1, maxLength: 8 }).map((batch) => [batch]) },
        { weight: 1, arbitrary: story },
      ),
      { minLength: parts, maxLength: parts },
    )
    .map((found) => found.flat());

export type Played = { operations: number; readonly done: Map<string, number>; readonly refused: Map<string, number> };
export const nothingPlayed = (): Played => ({ operations: 0, done: new Map(), refused: new Map() });
const count = (into: Map<string, number>, key: string) => into.set(key, (into.get(key) ?? 0) + 1);

/** Makes the people of schedules, once per stage. */
export async function peopleOfSchedules(stage: ApprovalStage): Promise<void> {
  for (const [n, name] of names.entries()) await stage.addPerson(name, roleSets[first[n] ?? 0] ?? []);
}

/** Plays batch after batch. Refusals are part of the game; anything else that fails is thrown. `check` runs after each batch. */
export async function play(
  stage: ApprovalStage,
  batches: readonly (readonly Command[])[],
  played: Played,
  check: (requests: readonly Asked[], tampered: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  const acts = actsOn(() => stage);
  const requests: Asked[] = [];
  const tampered = new Set<string>();
  const part = new Map<string, { requester: string; voter: string | null }>(); // who would have to be unseated
  const name = (n: number) => names[n] ?? "p0";
  const tamper = (sql: string, id: string) => {
    tampered.add(id);
    return stage.behindTheTrigger(sql, [id]);
  };
  async function run(given: Command): Promise<unknown> {
    if (given.kind === "request") {
      const asked = await stage.ask(
        name(given.by),
        given.key ? "rotate-zone-key" : "freeze-zone",
        requests[0]?.incidentId,
      );
      part.set(asked.approvalId, { requester: name(given.by), voter: null });
      return requests.push(asked);
    }
    if (given.kind === "roles")
      return stage.db.query("UPDATE people SET roles = $2 WHERE id = $1", [
        stage.by(name(given.by)).actor.id,
        roleSets[given.roles],
      ]);
    if (given.kind === "active") return acts.person(name(given.by), `active = ${given.active}`);
    const target = requests.at(-1 - given.on);
    if (target === undefined) throw new DomainError("not_found", "nothing has been asked for yet");
    const those = part.get(target.approvalId);
    if (given.kind === "vote") {
      const shown = given.stale ? { ...target, digest: "f".repeat(64) } : target;
      await acts.vote(name(given.by), shown, given.deny ? "deny" : "approve");
      if (those !== undefined) those.voter = name(given.by);
      return;
    }
    if (given.kind === "unseat") {
      const who = given.requester ? those?.requester : those?.voter;
      return acts.person(who ?? "p0", given.roles ? "roles = '{viewer}'" : "active = false");
    }
    if (given.kind === "swap") return tamper(swapSql, target.approvalId);
    if (given.kind === "expire") {
      await tamper(pastSql, target.approvalId);
      return expireRequests(stage.db);
    }
    return acts[given.kind](name(given.by), target);
  }
  for (const batch of batches) {
    await Promise.all(names.map((each) => stage.refresh(each))); // as every request reads the roles anew
    const answers = await Promise.allSettled(batch.map(run));
    for (const [n, answer] of answers.entries()) {
      const kind = batch[n]?.kind ?? "";
      played.operations += 1;
      count(answer.status === "fulfilled" ? played.done : played.refused, kind);
      if (
        answer.status === "rejected" &&
        !(answer.reason instanceof DomainError && answer.reason.code !== "source_unreachable")
      )
        throw new Error(`${kind} failed: ${messageOf(answer.reason)}`, { cause: answer.reason });
    }
    await check(requests, tampered);
  }
  // The next schedule begins with everybody as they were.
  for (const [n, each] of names.entries())
    await stage.db.query("UPDATE people SET roles = $2, active = true WHERE id = $1", [
      stage.by(each).actor.id,
      roleSets[first[n] ?? 0],
    ]);
}
