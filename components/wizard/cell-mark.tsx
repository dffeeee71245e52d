import { Check, Ellipsis, Minus, X } from "lucide-react";
import { cn } from "@/components/lib/cn";
import { utcClock } from "@/components/lib/utc";
import type { Cell, CellTone } from "@/components/wizard/proof-model";

const tones: Readonly<Record<CellTone, { icon: typeof Check; look: string; words: string }>> = {
  ok: { icon: Check, look: "text-ok", words: "Proved" },
  wait: { icon: Ellipsis, look: "text-foreground", words: "Waiting" },
  bad: { icon: X, look: "text-foreground font-semibold", words: "Failed" },
  none: { icon: Minus, look: "text-muted-foreground", words: "Says nothing" },
};

/** One verdict by icon and by word, never by colour alone. A time beats the word when there is one. */
export function CellMark({ cell, className }: { cell: Cell; className?: string }) {
  const { icon: Icon, look, words } = tones[cell.tone];
  return (
    <span className={cn("inline-flex items-start gap-1", look, className)}>
      <Icon aria-hidden className="mt-[0.2rem] size-3.5 shrink-0" strokeWidth={cell.tone === "bad" ? 3 : 2} />
      <span className="sr-only">{words}: </span>
      {cell.at !== null && cell.tone === "ok" ? (
        <time dateTime={new Date(cell.at).toISOString()} title={cell.text}>
          {utcClock(cell.at)}
        </time>
      ) : (
        cell.text
      )}
    </span>
  );
}
