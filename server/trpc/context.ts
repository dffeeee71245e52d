import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";

/** What every procedure gets. `request` is null for calls made in this process (server components). */
export type TRPCContext = {
  readonly actor: Actor | null;
  readonly signInId: string | null;
  readonly requestId: string;
  readonly request: { readonly method: string; readonly headers: Headers } | null;
  readonly console: Console;
};
