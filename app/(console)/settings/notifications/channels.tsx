"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CopyText } from "@/components/lib/copy-text";
import { formatDuration } from "@/components/lib/duration";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { YesNo } from "@/components/lib/yes-no";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { type ChannelView, tiers } from "@/server/notifications/schemas";

const kindWords: Readonly<Record<ChannelView["kind"], string>> = {
  smtp: "E-mail",
  webhook: "Signed webhook",
  slack: "Slack-compatible webhook",
  pagerduty: "PagerDuty",
};

/** Where messages can go. Addresses and secrets stay in the environment: host and fingerprint are shown, and no more. */
export function Channels({ mayTest }: { mayTest: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.notifications.channels.queryOptions());
  const channels = query.data ?? [];
  return (
    <Panel
      title="Channels"
      note="From NOTIFY_CHANNELS in the console's environment"
      state={panelStateOf(query, {
        when: channels.length === 0,
        sentence: "No channel is configured, so nobody can be told. Set NOTIFY_CHANNELS and restart the console.",
      })}
    >
      <Table label="Notification channels">
        <TableHead>
          <tr>
            <TableHeader>Channel</TableHeader>
            <TableHeader>Kind</TableHeader>
            <TableHeader>Host</TableHeader>
            <TableHeader>Secret's fingerprint</TableHeader>
            <TableHeader>Reaches</TableHeader>
            <TableHeader>Test</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {channels.map((channel) => (
            <TableRow key={channel.name}>
              <TableCell className="font-mono text-xs whitespace-nowrap">{channel.name}</TableCell>
              <TableCell className="whitespace-nowrap">{kindWords[channel.kind]}</TableCell>
              <TableCell className="font-mono text-xs whitespace-nowrap">{channel.host}</TableCell>
              <TableCell>
                {channel.secret === null ? (
                  <span className="text-muted-foreground">none</span>
                ) : (
                  <CopyText text={channel.secret} what="fingerprint" />
                )}
              </TableCell>
              <TableCell className="min-w-40">{reaches(channel)}</TableCell>
              <TableCell className="min-w-56">
                {channel.problem === null ? null : <p className="mb-1 font-medium">{channel.problem}</p>}
                <TestChannel channel={channel.name} allowed={mayTest} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}

function reaches({ recipients }: ChannelView): string {
  if (recipients === null) return "every tier that names it";
  return tiers.map((tier) => `${tier} ${recipients[tier]}`).join(", ");
}

function TestChannel({ channel, allowed }: { channel: string; allowed: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const test = useMutation(
    trpc.notifications.test.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.notifications.deliveries.pathKey() }),
    }),
  );
  if (!allowed) return <span className="text-muted-foreground">Security or an admin can send a test.</span>;
  return (
    <div className="flex flex-col items-start gap-1">
      <Button size="sm" disabled={test.isPending} onClick={() => test.mutate({ channel })}>
        {test.isPending ? "Sending" : "Send a test"}
        <span className="sr-only"> through {channel}</span>
      </Button>
      <div role="status">
        {test.data === undefined ? null : (
          <p className={test.data.delivered ? "text-ok" : "font-medium"}>
            <YesNo yes={test.data.delivered} />
            {test.data.delivered ? "Delivered" : "Not delivered"} in {formatDuration(test.data.tookMs)}:{" "}
            {test.data.detail}
          </p>
        )}
      </div>
      {test.isError ? <Refusal>{reasonOf(test.error)}</Refusal> : null}
    </div>
  );
}
