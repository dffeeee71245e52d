import { CommandBlock } from "@/components/lib/command-block";
import type { RunCommand } from "@/server/playbooks/schemas";

/** The same step as commands with the real values, folded away until wanted. */
export function ByHand({ commands }: { commands: readonly RunCommand[] }) {
  if (commands.length === 0) return null;
  return (
    <details className="border-t px-4 py-2">
      <summary className="w-fit cursor-pointer rounded-sm py-1 text-muted-foreground hover:text-foreground">
        The same by hand
      </summary>
      <div className="flex flex-col gap-3 py-2">
        {commands.map((item) => (
          <CommandBlock key={item.title} title={item.title} command={item.command} />
        ))}
      </div>
    </details>
  );
}
