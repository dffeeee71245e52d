"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { useBoard, useSnapshot } from "@/components/live/live-hooks";
import { navItems } from "@/components/shell/nav-items";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";

const itemStyle =
  "flex min-h-9 cursor-default items-center justify-between gap-3 rounded-sm px-2 data-[selected=true]:bg-muted";
const groupStyle =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted-foreground";

function PaletteList({ close }: { close: () => void }) {
  const router = useRouter();
  const snapshot = useSnapshot();
  const board = useBoard();
  const { setTheme } = useTheme();
  const go = (href: string) => () => {
    close();
    router.push(href);
  };
  const theme = (name: string) => () => {
    close();
    setTheme(name);
  };
  return (
    <Command.List className="-mx-2 max-h-[60dvh] overflow-y-auto">
      <Command.Empty className="px-2 py-4 text-muted-foreground">Nothing by that name.</Command.Empty>
      <Command.Group heading="Go to" className={groupStyle}>
        {navItems.map((item) => (
          <Command.Item key={item.href} value={item.label} onSelect={go(item.href)} className={itemStyle}>
            {item.label}
            <span className="flex gap-1">
              <Kbd>g</Kbd>
              <Kbd>{item.key}</Kbd>
            </span>
          </Command.Item>
        ))}
      </Command.Group>
      <Command.Group heading="Incidents" className={groupStyle}>
        {board.incidents.map((incident) => (
          <Command.Item
            key={incident.id}
            value={`${incidentName(incident.number)} ${incident.title}`}
            onSelect={go(incidentHref(incident.id))}
            className={itemStyle}
          >
            <span className="truncate">
              {incident.severity} {incidentName(incident.number)} {incident.title}
            </span>
          </Command.Item>
        ))}
        <Command.Item value="Declare an incident" onSelect={go("/incidents/new")} className={itemStyle}>
          Declare an incident
        </Command.Item>
      </Command.Group>
      <Command.Group heading="What is wrong" className={groupStyle}>
        {snapshot.signals
          .filter((signal) => signal.action !== null && signal.noise === null)
          .map((signal) => (
            <Command.Item
              key={signal.key}
              value={`${signal.severity} ${signal.sentence}`}
              onSelect={go(signal.action?.href ?? "/")}
              className={itemStyle}
            >
              <span className="truncate">
                {signal.severity} {signal.sentence}
              </span>
            </Command.Item>
          ))}
      </Command.Group>
      <Command.Group heading="Streams" className={groupStyle}>
        {snapshot.streams.map((stream) => (
          <Command.Item
            key={stream.name}
            value={`stream ${stream.name}`}
            onSelect={go(`/streams/${encodeURIComponent(stream.name)}`)}
            className={itemStyle}
          >
            <span className="truncate font-mono text-xs">{stream.name}</span>
          </Command.Item>
        ))}
      </Command.Group>
      <Command.Group heading="Theme" className={groupStyle}>
        {["Light", "Dark", "System"].map((name) => (
          <Command.Item key={name} value={`${name} theme`} onSelect={theme(name.toLowerCase())} className={itemStyle}>
            {name} theme
          </Command.Item>
        ))}
      </Command.Group>
    </Command.List>
  );
}

/** Go to a page, an incident, a signal's playbook or a stream by typing a part of its name. */
export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Go to" className="sm:w-[36rem]">
        <Command label="Go to" loop>
          <Command.Input
            autoFocus
            placeholder="A page, an incident, a stream"
            className="mb-2 h-9 w-full rounded-md border border-border-strong bg-card px-2 placeholder:text-muted-foreground"
          />
          <PaletteList close={() => onOpenChange(false)} />
        </Command>
      </DialogContent>
    </Dialog>
  );
}
