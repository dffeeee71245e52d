import { randomUUID } from "node:crypto";
import { TRPCError } from "@trpc/server";
import { addressOf } from "@/server/auth/address";
import { actorOf } from "@/server/auth/sign-ins";
import { signInIdOf } from "@/server/auth/session-cookie";
import { DomainError } from "@/server/platform/errors";
import { getConsole } from "@/server/runtime/console";
import type { TRPCContext } from "@/server/trpc/context";
import { codeOf } from "@/server/trpc/error-map";

/**
 * Reads who is asking: the cookie names a sign-in, the console's database says whether it still stands and with which roles.
 * @throws TRPCError SERVICE_UNAVAILABLE when that database is away: nobody is let in unchecked.
 */
export async function createContext(headers: Headers, request: TRPCContext["request"] = null): Promise<TRPCContext> {
  const console = getConsole();
  const requestId = randomUUID();
  const signInId = await signInIdOf(headers, console.settings);
  if (signInId === null) return { actor: null, signInId: null, requestId, request, console };
  try {
    const found = await actorOf(console.db, signInId);
    const actor = found === null ? null : { ...found, address: addressOf(headers), requestId };
    return { actor, signInId: actor === null ? null : signInId, requestId, request, console };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new TRPCError({ code: codeOf[error.code], message: error.message, cause: error });
  }
}
