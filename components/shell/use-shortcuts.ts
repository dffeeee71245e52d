"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { navItems } from "@/components/shell/nav-items";

export type ShellDialog = "palette" | "help";
const chordMs = 1_500;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** `g` then a letter goes, `/` focuses the page's filter (marked data-filter), `?` helps, ⌘K or Ctrl K opens the palette. */
export function useShortcuts(open: (dialog: ShellDialog) => void): void {
  const router = useRouter();
  useEffect(() => {
    let chordAt = 0;
    function onKeyDown(event: KeyboardEvent) {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open("palette");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("[role=dialog]")) return;
      const inChord = event.timeStamp - chordAt < chordMs && chordAt > 0;
      chordAt = 0;
      if (inChord) {
        const item = navItems.find((candidate) => candidate.key === event.key.toLowerCase());
        if (item) {
          event.preventDefault();
          router.push(item.href);
        }
        return;
      }
      if (event.key === "g") chordAt = event.timeStamp;
      else if (event.key === "?") open("help");
      else if (event.key === "/") {
        const filter = document.querySelector<HTMLElement>("[data-filter]");
        if (!filter) return;
        event.preventDefault();
        filter.focus();
      }
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [open, router]);
}
