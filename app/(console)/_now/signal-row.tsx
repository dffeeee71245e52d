"use client";

import { ChevronRight } from "lucide-react";
import Link from "next/link";
import { useId, useState } from "react";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { cn } from "@/components/lib/cn";
import { SeverityMark } from "@/components/lib/severity-mark";
import { Sparkline } from "@/components/lib/sparkline";
import { TimeStamp } from "@/components/lib/time-stamp";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { mayCall } from "@/server/auth/policy";
import type { Series, Signal } from "@/server/live/snapshot";
import { ClearSignal } from "./clear-signal";
import type { SignalMark } from "./signal-marks";
import { SignalMenu } from "./signal-menu";

function SignalDetail({ signal, id }: { signal: Signal; id: string }) {
  return (
    <div id={id} className="flex flex-col gap-2 px-3 pb-3 md:pl-[4.75rem]">
      <p className="max-w-prose">{signal.meaning}</p>
      {signal.figures.length > 0 ? (
        <dl className="grid w-fit max-w-full grid-cols-[auto_auto] gap-x-4 gap-y-0.5 text-xs sm:grid-cols-[auto_auto_auto]">
          {signal.figures.map((figure) => (
            <div key={figure.name} className="contents">
              <dt className="text-muted-foreground">{figure.name}</dt>
              <dd className="text-right break-words tabular-nums">
                {figure.value}
                {figure.unit ? ` ${figure.unit}` : ""}
              </dd>
              <dd className="col-span-2 font-mono break-all text-muted-foreground sm:col-span-1">{figure.source}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {signal.declaredBy ? <ClearSignal signal={signal} /> : null}
    </div>
  );
}

/** One row of what is wrong: how bad, one sentence with its number, since when, its last 15 minutes, one way to act. */
export function SignalRow({
  signal,
  mark,
  series,
  until,
}: {
  signal: Signal;
  mark: SignalMark | undefined;
  series: Series | undefined;
  until: number;
}) {
  const person = usePerson();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li className="border-b last:border-0" data-signal={signal.key}>
      <div className="grid grid-cols-[3rem_minmax(0,1fr)] items-center gap-x-2 gap-y-1 px-3 py-2 md:grid-cols-[3.5rem_minmax(0,1fr)_13rem_6rem_18rem]">
        <SeverityMark severity={signal.severity} className="self-start pt-0.5 md:self-center md:pt-0" />
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          onClick={() => setOpen(!open)}
          className="flex min-w-0 items-start gap-1 rounded-sm text-left hover:underline hover:decoration-dotted hover:underline-offset-2"
        >
          <ChevronRight
            aria-hidden
            className={cn("mt-0.5 size-4 shrink-0 text-muted-foreground", open && "rotate-90")}
          />
          <span className="min-w-0 break-words">
            {signal.sentence}
            {signal.stale ? <Badge className="ml-2">last known</Badge> : null}
            {mark?.acked ? (
              <Badge className="ml-2" title={mark.acked.comment || undefined}>
                Acknowledged by {mark.acked.by}
              </Badge>
            ) : null}
            {signal.declaredBy ? (
              <span className="ml-2 text-muted-foreground">declared by {signal.declaredBy}</span>
            ) : null}
          </span>
        </button>
        <div className="col-start-2 text-xs text-muted-foreground md:col-start-auto md:text-sm">
          since <TimeStamp at={signal.since} className="whitespace-normal" />
        </div>
        <div className="hidden h-5 md:block">
          {signal.series ? <Sparkline series={series} until={until} label={signal.sentence} /> : null}
        </div>
        <div className="col-start-2 flex flex-wrap items-center gap-1 md:col-start-auto md:justify-end">
          {signal.action ? (
            <Link
              href={signal.action.href}
              className={buttonStyle("outline", "sm", "h-auto min-h-7 max-w-full py-0.5 whitespace-normal")}
            >
              {signal.action.label}
            </Link>
          ) : null}
          {mark?.incident ? (
            <Link href={incidentHref(mark.incident.id)} className={buttonStyle("outline", "sm")}>
              {incidentName(mark.incident.number)}
            </Link>
          ) : mayCall("incidents.declare", person.roles) ? (
            <Link
              href={`/incidents/new?signal=${encodeURIComponent(signal.key)}`}
              className={buttonStyle("ghost", "sm")}
            >
              Declare incident<span className="sr-only"> from: {signal.sentence}</span>
            </Link>
          ) : null}
          {mayCall("signals.acknowledge", person.roles) ? (
            <SignalMenu signal={signal} acked={mark?.acked != null} />
          ) : null}
        </div>
      </div>
      {open ? <SignalDetail signal={signal} id={id} /> : null}
    </li>
  );
}
