"use client";

import { Lock } from "lucide-react";
import Link from "next/link";
import { cn } from "@/components/lib/cn";
import { SeverityMark } from "@/components/lib/severity-mark";
import { useBoard } from "@/components/live/live-hooks";
import { useNow } from "@/components/live/now";
import { stripIncident } from "@/components/shell/strip-incident";

const edges = { P1: "border-p1", P2: "border-p2", P3: "border-p3", P4: "border-p4" } as const;

/** The worst open incident, on every page: how bad, which, for how long, who leads. Nothing is drawn while none is open. */
export function IncidentStrip() {
  const board = useBoard();
  const now = useNow();
  const worst = stripIncident(board.incidents, now);
  if (worst === null) return null;
  return (
    <Link
      href={worst.href}
      data-testid="incident-strip"
      className={cn(
        "flex min-h-7 min-w-0 items-center gap-2 rounded-sm border-l-4 pl-2 hover:underline hover:underline-offset-2",
        edges[worst.severity],
      )}
    >
      <SeverityMark severity={worst.severity} />
      <span className="font-semibold whitespace-nowrap">{worst.name}</span>
      {worst.restricted ? <Lock role="img" aria-label="Restricted" className="size-3.5 shrink-0" /> : null}
      <span className="min-w-0 truncate">
        {worst.drill ? "Drill: " : ""}
        {worst.title}
      </span>
      <span className="whitespace-nowrap text-muted-foreground tabular-nums">· {worst.elapsed}</span>
      <span className="hidden whitespace-nowrap text-muted-foreground sm:inline">· {worst.lead}</span>
      {worst.clock ? <span className="hidden font-semibold whitespace-nowrap lg:inline">· {worst.clock}</span> : null}
      {worst.more > 0 ? <span className="whitespace-nowrap text-muted-foreground">+{worst.more}</span> : null}
    </Link>
  );
}
