import { describe, expect, test } from "vitest";
import { type ActionName, actionNames, policyOf } from "@/server/auth/action-policy";
import { writesOf } from "@/server/investigation/guarded-procedures";
import { appRouter } from "@/server/routers/app-router";
import { approvedActions } from "@/server/runtime/approved-actions";

const mutations = Object.entries(appRouter._def.procedures as Record<string, unknown>).flatMap(([path, found]) =>
  (found as { _def: { type: string } })._def.type === "mutation" ? [path] : [],
);
const byOnePerson = new Set(
  Object.values(writesOf).flatMap((writes) => (typeof writes === "string" ? [] : [writes.action])),
);

describe("the guard of zones under tamper investigation", () => {
  test("every mutation says in server/investigation/guarded-procedures.ts what it writes, and nothing else stands there", () => {
    expect(Object.keys(writesOf).sort()).toEqual([...mutations].sort());
  });

  test.each(actionNames.filter((action) => policyOf(action).available))(
    "%s cannot be done without passing it: an approved action names its zones, an act of one person stands in the table",
    (action: ActionName) => {
      const part = approvedActions({} as Parameters<typeof approvedActions>[0]).get(action);
      if (policyOf(action).approval.kind === "two") expect(part?.zonesOf).toBeTypeOf("function");
      else expect(byOnePerson).toContain(action);
    },
  );

  test("asking whether consumers live writes in the zone of whichever session is revoked", async () => {
    const writes = writesOf["services.hear"];
    if (writes === undefined || typeof writes === "string") throw new Error(`it says that it writes ${writes}`);
    expect(await writes.zones({} as Parameters<typeof writes.zones>[0])).toBe("every");
  });

  test("only the two ways of an approval go to the guard by themselves", () => {
    const own = Object.entries(writesOf).flatMap(([path, writes]) => (writes === "approval" ? [path] : []));
    expect(own).toEqual(["approvals.request", "approvals.execute"]);
  });
});
