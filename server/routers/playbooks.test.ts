import { describe, expect, test } from "vitest";
import { mayCall, procedurePolicy } from "@/server/auth/policy";
import { type Role, roles } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { appRouter } from "@/server/routers/app-router";
import type { TRPCContext } from "@/server/trpc/context";
import { t } from "@/server/trpc/init";

/** Whatever got past the gate would touch the console: this one counts that and refuses. */
function callerOf(held: readonly Role[]) {
  let touched = 0;
  const touch = (): never => {
    touched += 1;
    throw new DomainError("not_configured", "past the gate");
  };
  const untouchable = new Proxy({} as TRPCContext["console"], { get: touch, ownKeys: touch });
  const caller = t.createCallerFactory(appRouter)({
    actor: { id: "p-1", name: "P", roles: held },
    signInId: "s-1",
    requestId: "r-1",
    request: null,
    console: untouchable,
  });
  return { caller, touched: () => touched };
}

const runId = "11111111-1111-4111-8111-111111111111";
type Calls = Record<string, (input: unknown) => Promise<unknown>>;
/** Input that each act would accept, so that only the gate can refuse it. */
const acts: Readonly<Record<string, unknown>> = {
  start: { from: { kind: "subject", zoneId: "z", subjectId: "s" } },
  confirmSubject: { runId },
  revoke: { runId, reason: "stolen mandate" },
  sweepAgain: { runId },
  publishAgain: { runId },
  startWaiting: { runId },
  tick: { runId, item: "remaining-exposure", skippedReason: null },
  finish: { runId },
  abandon: { runId, reason: "not needed after all" },
  takeOver: { runId },
};

describe("acts of the playbook through the real router", () => {
  test("are all listed here", () => {
    const everyone = (path: string) => roles.every((role) => mayCall(path, [role]));
    const listed = Object.keys(procedurePolicy).filter((path) => path.startsWith("playbooks.") && !everyone(path));
    expect(
      Object.keys(acts)
        .map((name) => `playbooks.${name}`)
        .sort(),
    ).toEqual(listed.sort());
  });

  test.each(Object.entries(acts))(
    "playbooks.%s refuses every role it does not list, and nothing is touched",
    async (name, input) => {
      for (const role of roles.filter((one) => !mayCall(`playbooks.${name}`, [one]))) {
        const { caller, touched } = callerOf([role]);
        const call = (caller.playbooks as Calls)[name];
        await expect(call?.(input), role).rejects.toMatchObject({ code: "FORBIDDEN" });
        expect(touched()).toBe(0);
      }
      const { caller, touched } = callerOf(["responder"]);
      await expect((caller.playbooks as Calls)[name]?.(input)).rejects.not.toMatchObject({ code: "FORBIDDEN" });
      expect(touched()).toBeGreaterThan(0);
    },
  );
});
