"use client";

import { useEffect } from "react";

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `j` and `k` go to the next and the previous row of the page's list; Escape calls `onClose`, where something is open. */
export function useRowKeys(onClose: (() => void) | null): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("[role=dialog]")) return;
      if (event.key === "Escape" && onClose !== null) {
        onClose();
        return;
      }
      if (event.key !== "j" && event.key !== "k") return;
      const openers = [...document.querySelectorAll<HTMLElement>("[data-row-opener]")];
      const focused = openers.indexOf(document.activeElement as HTMLElement);
      const next = focused === -1 ? 0 : focused + (event.key === "j" ? 1 : -1);
      openers[next]?.focus();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [onClose]);
}
