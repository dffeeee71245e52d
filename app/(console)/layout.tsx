import type { ReactNode } from "react";
import { IdentityProvider } from "@/components/approvals/identity";
import { LiveProvider } from "@/components/live/live-provider";
import { ConsoleShell } from "@/components/shell/console-shell";
import { reauthenticateByProvider, signOutHere } from "@/server/auth/actions";
import { getConsole } from "@/server/runtime/console";
import { requireActor, serverCaller } from "@/server/trpc/server-caller";

/** Nobody sees a page without being signed in; everybody gets the strip, the rail and the one live link. */
export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor();
  const caller = await serverCaller();
  const [snapshot, incidents] = await Promise.all([
    caller.system.snapshot(),
    caller.incidents.list({ show: "open", limit: 50 }),
  ]);
  const { settings } = getConsole();
  return (
    <LiveProvider initial={snapshot} board={{ incidents: incidents.rows, approvals: [] }} serverNow={Date.now()}>
      <ConsoleShell
        person={actor}
        deployment={{ name: settings.CARACAL_NAME, colour: settings.CARACAL_COLOUR }}
        signOut={signOutHere}
      >
        <IdentityProvider byProvider={reauthenticateByProvider}>{children}</IdentityProvider>
      </ConsoleShell>
    </LiveProvider>
  );
}
