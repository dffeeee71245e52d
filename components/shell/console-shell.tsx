"use client";

import { type ReactNode, useState } from "react";
import { BottomBar } from "@/components/shell/bottom-bar";
import { CommandPalette } from "@/components/shell/command-palette";
import { HelpDialog } from "@/components/shell/help-dialog";
import { NavRail } from "@/components/shell/nav-rail";
import { type Person, PersonContext } from "@/components/shell/shell-context";
import { type Deployment, TopStrip } from "@/components/shell/top-strip";
import { type ShellDialog, useShortcuts } from "@/components/shell/use-shortcuts";

/** What stays on screen around every page: the strip, the rail or the phone's bar, palette, help, keys. */
export function ConsoleShell({
  person,
  deployment,
  signOut,
  children,
}: {
  person: Person;
  deployment: Deployment;
  signOut: () => Promise<void>;
  children: ReactNode;
}) {
  const [dialog, setDialog] = useState<ShellDialog | null>(null);
  useShortcuts(setDialog);
  const set = (name: ShellDialog) => (open: boolean) => setDialog(open ? name : null);
  return (
    <PersonContext value={person}>
      <a
        href="#content"
        className="fixed top-1 left-1 z-50 -translate-y-16 rounded-md bg-accent px-3 py-2 text-accent-foreground focus:translate-y-0"
      >
        Skip to the page
      </a>
      <TopStrip deployment={deployment} signOut={signOut} openPalette={() => setDialog("palette")} />
      <div className="flex">
        <NavRail />
        <main id="content" tabIndex={-1} className="min-w-0 flex-1 p-3 pb-20 outline-none md:p-4 md:pb-8">
          {children}
        </main>
      </div>
      <BottomBar openMore={() => setDialog("palette")} />
      <CommandPalette open={dialog === "palette"} onOpenChange={set("palette")} />
      <HelpDialog open={dialog === "help"} onOpenChange={set("help")} />
    </PersonContext>
  );
}
