"use client";

import { useState } from "react";
import { idMillis } from "@/components/charts/stream-id";
import { TextFilter } from "@/components/data-table/text-filter";
import { TimeStamp } from "@/components/lib/time-stamp";
import { jumpTarget } from "./jump-target";

/** Jumps to the first entry at or after a time or an id, reading on from there, oldest first. */
export function JumpTo({
  from,
  onJump,
  onEnd,
}: {
  from: string | null;
  onJump: (from: string) => void;
  onEnd: () => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && jumpTarget(typed) === null;
  return (
    <div className="flex flex-wrap items-end gap-3">
      <TextFilter
        first
        label="Jump to a time (UTC) or an id"
        placeholder="2026-11-23 02:14:31"
        value={typed}
        onApply={(next) => {
          setTyped(next);
          if (next === null) return onEnd();
          const target = jumpTarget(next);
          if (target !== null) onJump(target);
        }}
        className="w-full sm:w-64"
      />
      <p role="status" className="pb-1.5 text-xs text-muted-foreground">
        {wrong ? (
          "Write it as 2026-11-23 02:14, or as an id such as 1795465374026-0. Times are taken as UTC."
        ) : from === null ? null : (
          <>
            Reading on from <TimeStamp at={idMillis(from)} date="always" show="time" />
          </>
        )}
      </p>
    </div>
  );
}
