"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CommandBlock } from "@/components/lib/command-block";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";

/**
 * What a new secret does not reach: tokens of other providers that the application's grants hold. The ticks are this page's
 * own, to keep one's place while going through them.
 */
export function ProviderTokens({ zoneId, applicationId }: { zoneId: string; applicationId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.brakes.providerTokens.queryOptions({ zoneId, applicationId }));
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const tokens = query.data ?? [];
  const toggle = (id: string) =>
    setDone((was) => new Set(was.has(id) ? [...was].filter((one) => one !== id) : [...was, id]));
  return (
    <Panel
      title="Provider tokens to revoke"
      note={tokens.length === 0 ? null : `${done.size} of ${tokens.length} ticked here; ticks are not kept`}
      state={panelStateOf(query, {
        when: tokens.length === 0,
        sentence: "The application's grants hold no token of another provider.",
      })}
    >
      <p className="max-w-prose px-3 pt-3 text-muted-foreground">
        STS hands these out as they are: they outlive the secret and every revocation here, and end only at the
        provider.
      </p>
      <ol className="flex flex-col">
        {tokens.map((token) => (
          <li key={token.grantId} className="flex flex-col gap-2 border-b px-3 py-2 last:border-0">
            <label className="flex min-h-8 items-start gap-2">
              <input
                type="checkbox"
                className="mt-1 accent-accent"
                checked={done.has(token.grantId)}
                onChange={() => toggle(token.grantId)}
              />
              <span className="min-w-0 break-words">
                {token.provider ?? "An unknown provider"}: grant{" "}
                <span className="font-mono text-xs">{token.grantId}</span> of {token.userId}
              </span>
            </label>
            {token.command === null ? null : (
              <CommandBlock command={token.command} title={`End grant ${token.grantId}`} caption={false} />
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
