"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { counted } from "@/components/wizard/run-model";

/**
 * What a new secret does not reach: tokens of other providers that the application's grants hold. The ticks are this page's
 * own, to keep one's place while going through them.
 */
export function ProviderTokens({ zoneId, applicationId }: { zoneId: string; applicationId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.brakes.providerTokens.queryOptions({ zoneId, applicationId }));
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const providers = query.data ?? [];
  const toggle = (id: string) =>
    setDone((was) => new Set(was.has(id) ? [...was].filter((one) => one !== id) : [...was, id]));
  return (
    <Panel
      title="Provider tokens to revoke"
      note={providers.length === 0 ? null : `${done.size} of ${providers.length} ticked here; ticks are not kept`}
      state={panelStateOf(query, {
        when: providers.length === 0,
        sentence: "The application's grants hold no token of another provider.",
      })}
    >
      <p className="max-w-prose px-3 pt-3 text-muted-foreground">
        STS hands these out as they are: they outlive the secret and every revocation here, and end only at the
        provider. Revoke them in each provider's own console.
      </p>
      <ul className="flex flex-col px-3 py-2">
        {providers.map((row) => {
          const key = row.providerId ?? row.provider;
          return (
            <li key={key}>
              <label className="flex min-h-8 items-start gap-2 py-1.5">
                <input
                  type="checkbox"
                  className="mt-1 accent-accent"
                  checked={done.has(key)}
                  onChange={() => toggle(key)}
                />
                <span className="min-w-0 break-words">
                  <span className="font-medium">{row.provider}</span>: tokens of {counted(row.grants, "grant")} of{" "}
                  {counted(row.users, "user")}
                  {row.latestExpiry === null ? ", no expiry recorded" : ", the last one until "}
                  {row.latestExpiry === null ? null : <TimeStamp at={row.latestExpiry} />}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
