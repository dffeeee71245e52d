"use client";

import Link from "next/link";
import { cn } from "@/components/lib/cn";
import { useConnection, useSnapshot } from "@/components/live/live-hooks";
import { useNow } from "@/components/live/now";
import { linkWord, stripServices, stripSources } from "@/components/shell/strip-model";

const part = "whitespace-nowrap after:mx-1.5 after:text-muted-foreground after:content-['·'] last:after:hidden";
const trouble = "font-semibold text-foreground underline decoration-dotted underline-offset-2";

/** Which sources the page can be trusted on: each store with its age, replicas ready of all, and the live link itself. */
export function TrustLine() {
  const snapshot = useSnapshot();
  const connection = useConnection();
  const now = useNow() ?? snapshot.at;
  const services = stripServices(snapshot);
  const link = linkWord(connection, snapshot.at, now);
  return (
    <div className="flex min-w-0 flex-wrap items-center text-xs text-muted-foreground" data-testid="trust-line">
      {stripSources(snapshot, now).map((source) => (
        <span
          key={source.id}
          title={source.reason ?? undefined}
          className={cn(part, !source.good && "text-foreground")}
        >
          {source.label} <span className={source.good ? undefined : trouble}>{source.word}</span>
        </span>
      ))}
      <span
        className={part}
        title={services.notReady.length > 0 ? `Not ready: ${services.notReady.join(", ")}` : undefined}
      >
        <span className={services.notReady.length > 0 ? trouble : undefined}>
          {services.total === 0 ? "no services set" : `${services.ready}/${services.total} services`}
        </span>
      </span>
      <span className={part} title={link.detail} data-testid="link-state">
        <span className={link.good ? "text-ok" : trouble}>{link.word}</span>
        {connection.kind === "signed-out" ? (
          <Link href="/sign-in" className="ml-1.5 text-accent underline">
            Sign in
          </Link>
        ) : null}
      </span>
    </div>
  );
}
