"use client";

import { IncidentStrip } from "@/components/shell/incident-strip";
import { PersonMenu } from "@/components/shell/person-menu";
import { TrustLine } from "@/components/shell/trust-line";
import { UtcClock } from "@/components/shell/utc-clock";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";

export type Deployment = { readonly name: string; readonly colour: string };

/** Always on screen: which deployment, the worst incident, what can be trusted, the time, who is signed in. */
export function TopStrip({
  deployment,
  signOut,
  openPalette,
}: {
  deployment: Deployment;
  signOut: () => Promise<void>;
  openPalette: () => void;
}) {
  return (
    <header
      className="sticky top-0 z-30 border-b bg-card"
      style={{ borderTop: `3px solid ${deployment.colour}` }}
      data-deployment={deployment.name}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5">
        <div className="flex min-w-0 items-center gap-2 font-semibold">
          <span aria-hidden className="size-3 shrink-0 rounded-sm" style={{ background: deployment.colour }} />
          <span className="truncate" title={`Deployment ${deployment.name}`}>
            {deployment.name}
          </span>
        </div>
        <div className="order-last flex w-full min-w-0 flex-col gap-x-4 gap-y-0.5 md:order-none md:w-auto md:flex-1 md:pl-4 xl:flex-row xl:items-center">
          <IncidentStrip />
          <div className="min-w-0 xl:shrink-0">
            <TrustLine />
          </div>
        </div>
        <div className="ml-auto flex items-center gap-1 md:gap-2">
          <Button
            variant="ghost"
            size="sm"
            onClick={openPalette}
            aria-label="Go to anything"
            className="hidden sm:inline-flex"
          >
            <Kbd>Ctrl K</Kbd>
          </Button>
          <UtcClock />
          <PersonMenu signOut={signOut} />
        </div>
      </div>
    </header>
  );
}
