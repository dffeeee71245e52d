import { describe, expect, test } from "vitest";
import { TRPCError } from "@trpc/server";
import { mayCall, procedurePolicy } from "@/server/auth/policy";
import { roles, type Role } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { appRouter } from "@/server/routers/app-router";
import type { TRPCContext } from "@/server/trpc/context";
import { t } from "@/server/trpc/init";
import { procedure, router } from "@/server/trpc/procedures";

const paths = Object.keys(procedurePolicy);

/** A procedure that gets past the gate touches a console; this one has no parts, so whatever it touches fails. */
const withoutParts = new Proxy({} as TRPCContext["console"], {
  get() {
    throw new DomainError("not_configured", "past the gate");
  },
});

const contextFor = (held: readonly Role[] | null, request: TRPCContext["request"] = null): TRPCContext => ({
  actor: held === null ? null : { id: "p-1", name: "P", roles: held },
  signInId: held === null ? null : "s-1",
  requestId: "r-1",
  request,
  console: withoutParts,
});

/** The table's own procedures behind the real middleware, each with nothing inside. */
const groups = [...new Set(paths.map((path) => path.split(".")[0] ?? ""))];
const emptyRouter = router(
  Object.fromEntries(
    groups.map((group) => [
      group,
      router(
        Object.fromEntries(
          paths
            .filter((path) => path.startsWith(`${group}.`))
            .map((path) => [path.slice(group.length + 1), procedure.query(() => "done")]),
        ),
      ),
    ]),
  ),
);

async function codeFor(path: string, held: readonly Role[] | null): Promise<string> {
  const [group = "", name = ""] = path.split(".");
  const caller = t.createCallerFactory(emptyRouter)(contextFor(held)) as Record<
    string,
    Record<string, () => Promise<unknown>>
  >;
  try {
    await caller[group]?.[name]?.();
    return "OK";
  } catch (error) {
    return error instanceof TRPCError ? error.code : "thrown";
  }
}

describe("the policy table", () => {
  test("lists exactly the procedures of the router", () => {
    expect(Object.keys(appRouter._def.procedures).sort()).toEqual([...paths].sort());
  });

  test.each(paths)("%s: every role as listed, nobody without a role, nobody unknown", async (path) => {
    for (const role of roles)
      expect([role, await codeFor(path, [role])]).toEqual([role, mayCall(path, [role]) ? "OK" : "FORBIDDEN"]);
    expect(await codeFor(path, [])).toBe("FORBIDDEN");
    expect(await codeFor(path, null)).toBe("UNAUTHORIZED");
  });

  test.each(paths)("%s stands behind the gate in the real router", async (path) => {
    const found: unknown = Object.entries(appRouter._def.procedures).find(([name]) => name === path)?.[1];
    const call = found as (options: unknown) => Promise<unknown>;
    const options = { path, getRawInput: async () => undefined, signal: undefined, batchIndex: 0 };
    const type = (found as { _def: { type: string } })._def.type;
    for (const held of [null, []] as const)
      await expect(call({ ...options, type, ctx: contextFor(held) })).rejects.toMatchObject({
        code: held === null ? "UNAUTHORIZED" : "FORBIDDEN",
      });
  });

  test("a procedure outside the table is refused to everybody", async () => {
    const caller = t.createCallerFactory(router({ other: procedure.query(() => "done") }))(contextFor(roles));
    await expect(caller.other()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("a change from another origin is refused, a read is not", async () => {
    const headers = new Headers({ host: "console", origin: "https://evil.example", "sec-fetch-site": "cross-site" });
    const both = router({
      system: router({ me: procedure.query(() => "read"), signOutEverywhere: procedure.mutation(() => "changed") }),
    });
    const factory = t.createCallerFactory(both);
    const foreign = factory(contextFor(["viewer"], { method: "POST", headers }));
    await expect(foreign.system.signOutEverywhere()).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await foreign.system.me()).toBe("read");
    const own = new Headers({ host: "console", origin: "https://console", "sec-fetch-site": "same-origin" });
    expect(await factory(contextFor(["viewer"], { method: "POST", headers: own })).system.signOutEverywhere()).toBe(
      "changed",
    );
  });
});
