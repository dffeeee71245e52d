import "server-only";
import { QueryClient } from "@tanstack/react-query";
import { TRPCError } from "@trpc/server";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";
import { safeCallback } from "@/server/auth/callback-url";
import { mayCall } from "@/server/auth/policy";
import type { Actor } from "@/server/auth/roles";
import { appRouter } from "@/server/routers/app-router";
import { createContext } from "@/server/trpc/create-context";
import { t } from "@/server/trpc/init";

/** One look at who is asking per page request. */
const contextOfPage = cache(async () => createContext(await headers()));

/** The page request's own query cache; hydrate it with `<Hydrate>` of server/trpc/hydrate.tsx. */
export const queryClientOfPage = cache(() => new QueryClient({ defaultOptions: { queries: { staleTime: 5_000 } } }));

/** `await queryClientOfPage().prefetchQuery(serverTRPC.sessions.list.queryOptions(input))`: same keys as in the browser. */
export const serverTRPC = createTRPCOptionsProxy({
  ctx: contextOfPage,
  router: appRouter,
  queryClient: queryClientOfPage,
});

/** Calls procedures in this process, through the same policy: `await (await serverCaller()).sessions.get({ sessionId })`. */
export const serverCaller = async () => t.createCallerFactory(appRouter)(await contextOfPage());

/** What a page is about. Where there is no such thing, or not for this person, it is the page for addresses that name nothing. */
export async function orNotFound<T>(ask: (caller: Awaited<ReturnType<typeof serverCaller>>) => Promise<T>): Promise<T> {
  try {
    return await ask(await serverCaller());
  } catch (error) {
    if (error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST")) notFound();
    throw error;
  }
}

const back = async () => encodeURIComponent(safeCallback((await headers()).get("x-console-path")));

export type Here =
  | { readonly kind: "signed-in"; readonly actor: Actor }
  | { readonly kind: "anonymous" }
  | { readonly kind: "unreachable" }; // the console's own database is away, so nobody can be told

/** Who is asking for this page. */
export async function currentActor(): Promise<Here> {
  try {
    const { actor } = await contextOfPage();
    return actor === null ? { kind: "anonymous" } : { kind: "signed-in", actor };
  } catch (error) {
    if (error instanceof TRPCError && error.code === "SERVICE_UNAVAILABLE") return { kind: "unreachable" };
    throw error;
  }
}

/**
 * The gate of every page: who is signed in. Sends anybody else to the sign-in page, and everybody to a page that says so
 * while the console's own database is away. With `path` also asks the policy for that procedure and leads to /forbidden.
 */
export async function requireActor(path?: string): Promise<Actor> {
  const here = await currentActor();
  if (here.kind === "unreachable") redirect(`/unavailable?callbackUrl=${await back()}`);
  if (here.kind === "anonymous") redirect(`/sign-in?callbackUrl=${await back()}`);
  if (path !== undefined && !mayCall(path, here.actor.roles)) redirect("/forbidden?why=role");
  return here.actor;
}
