"use client";

import { useQuery } from "@tanstack/react-query";
import { Panel } from "@/components/lib/panel";
import { YesNo } from "@/components/lib/yes-no";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";

/** Every setting by its name: set or not, how many addresses, and what that lets this console do. Never a value. */
export function SettingList() {
  const trpc = useTRPC();
  const query = useQuery(trpc.system.configuration.queryOptions());
  const settings = query.data?.settings ?? [];
  const capabilities = query.data?.capabilities ?? [];
  return (
    <Panel
      title="Settings by name"
      note="Set or not set; values stay in the environment"
      state={panelStateOf(query, { when: settings.length === 0, sentence: "No setting is known." })}
    >
      <ul aria-label="What the settings allow" className="flex flex-col gap-1 border-b px-3 py-2">
        {capabilities.map((capability) => (
          <li key={capability.name} className="flex flex-wrap items-baseline gap-x-2">
            <span className={capability.able ? "font-medium text-ok" : "font-medium"}>
              <YesNo yes={capability.able} />
              {capability.able ? "able" : "not able"}
            </span>
            <span>{capability.name}.</span>
            <span className="text-muted-foreground">{capability.why}</span>
          </li>
        ))}
      </ul>
      <Table label="Settings by name">
        <TableHead>
          <tr>
            <TableHeader>Setting</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader>Kind</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {settings.map((setting) => (
            <TableRow key={setting.name}>
              <TableCell className="font-mono text-xs break-all">{setting.name}</TableCell>
              <TableCell className="whitespace-nowrap">
                <span className={setting.set ? "text-ok" : "text-muted-foreground"}>
                  <YesNo yes={setting.set} />
                  {setting.set ? "set" : "not set"}
                </span>
              </TableCell>
              <TableCell className="text-muted-foreground">{kindOf(setting)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}

function kindOf({ secret, count }: { readonly secret: boolean; readonly count: number | null }): string {
  if (secret) return "secret";
  if (count === null) return "plain";
  return count === 1 ? "1 address" : `${count} addresses`;
}
